//! Enumerations on the wire: strings, read in any case and written as documented.

/// Declares an enum of strings.
macro_rules! wire_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            const TEXTS: &'static [&'static str] = &[$($text),+];

            /// The documented spelling.
            fn text(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl $crate::wire::Wire for $name {
            fn read(node: &$crate::wire::Node<'_>) -> Result<Self, $crate::http::ApiError> {
                let Some(text) = node.value().and_then(serde_json::Value::as_str) else {
                    return Err(node.expected("a string"));
                };
                $(if text.eq_ignore_ascii_case($text) { return Ok(Self::$variant); })+
                Err(node.expected(&format!("one of {}", Self::TEXTS.join(", "))))
            }

            fn write(&self) -> serde_json::Value {
                self.text().into()
            }

            fn schema(schemas: &mut $crate::wire::Schemas) -> serde_json::Value {
                schemas.named(stringify!($name), |_| {
                    serde_json::json!({ "type": "string", "enum": Self::TEXTS })
                })
            }
        }
    };
}

pub(crate) use wire_enum;
