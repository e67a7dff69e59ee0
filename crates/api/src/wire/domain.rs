//! The wire form of domain types whose shape is the wire's but for names and nesting.
//!
//! The domain type stays ignorant of the wire: the mapping below names each field's member, and the compiler insists
//! that every field has one.

/// Implements [`Wire`](crate::wire::Wire) for a struct of the domain.
///
/// Each field is `[ "member" ]`, `[ "member" or default ]` (absent means the type's default), `[ "member" via module ]`
/// (with `read`, `write` and `schema` of that module), or `[ flatten ]` (its members stand beside the others).
macro_rules! wire_for {
    ($type:ty as $name:literal { $($field:ident : [$($how:tt)+]),* $(,)? }) => {
        impl $crate::wire::Wire for $type {
            fn read(node: &$crate::wire::Node<'_>) -> Result<Self, $crate::http::ApiError> {
                node.object()?;
                Ok(Self { $($field: $crate::wire::field!(@read node, $($how)+)),* })
            }

            fn write(&self) -> serde_json::Value {
                let mut object = serde_json::Map::new();
                $($crate::wire::field!(@write object, &self.$field, $($how)+);)*
                serde_json::Value::Object(object)
            }

            fn schema(schemas: &mut $crate::wire::Schemas) -> serde_json::Value {
                schemas.named($name, |schemas| {
                    let mut object = $crate::wire::ObjectSchema::default();
                    $($crate::wire::field!(@schema object, schemas, (|it: &$type| &it.$field), $($how)+);)*
                    object.finish()
                })
            }
        }
    };
}

/// The three ways of one field of [`wire_for!`].
macro_rules! field {
    (@read $node:ident, flatten) => {
        $crate::wire::Wire::read($node)?
    };
    (@read $node:ident, $member:literal) => {
        $crate::wire::member($node, $member)?
    };
    (@read $node:ident, $member:literal or default) => {
        $crate::wire::member_or_default($node, $member)?
    };
    (@read $node:ident, $member:literal via $how:ident) => {
        $how::read(&$node.member($member))?
    };

    (@write $object:ident, $value:expr, flatten) => {
        $crate::wire::flatten($value, &mut $object)
    };
    (@write $object:ident, $value:expr, $member:literal) => {
        $crate::wire::Wire::write_member($value, $member, &mut $object)
    };
    (@write $object:ident, $value:expr, $member:literal or default) => {
        $crate::wire::Wire::write_member($value, $member, &mut $object)
    };
    (@write $object:ident, $value:expr, $member:literal via $how:ident) => {
        $how::write($value, $member, &mut $object)
    };

    (@schema $object:ident, $schemas:ident, ($get:expr), flatten) => {
        $object.flatten($crate::wire::schema_of($get, $schemas))
    };
    (@schema $object:ident, $schemas:ident, ($get:expr), $member:literal) => {
        $object.member($member, $crate::wire::required_of($get), $crate::wire::schema_of($get, $schemas))
    };
    (@schema $object:ident, $schemas:ident, ($get:expr), $member:literal or default) => {
        $object.member($member, false, $crate::wire::schema_of($get, $schemas))
    };
    (@schema $object:ident, $schemas:ident, ($get:expr), $member:literal via $how:ident) => {
        $object.member($member, false, $how::schema($schemas))
    };
}

/// Implements [`Wire`](crate::wire::Wire) for an enum of the domain whose variants hold one struct each and are told
/// apart by `@odata.type`. A type that the service does not do is refused with the domain's own sentence.
macro_rules! wire_union_for {
    ($type:ty as $name:literal { $($variant:ident($inner:ty) = $odata:literal),+ $(,)? }) => {
        impl $crate::wire::Wire for $type {
            fn read(node: &$crate::wire::Node<'_>) -> Result<Self, $crate::http::ApiError> {
                node.object()?;
                let tag = node.member("@odata.type");
                let given = $crate::wire::odata_type(&tag, &[$($odata),+])?;
                $(if given.eq_ignore_ascii_case($odata) {
                    return <$inner as $crate::wire::Wire>::read(node).map(Self::$variant);
                })+
                Err($crate::wire::refuse_type(&tag, given, &[$($odata),+]))
            }

            fn write(&self) -> serde_json::Value {
                match self {
                    $(Self::$variant(value) => $crate::wire::tagged(
                        concat!("#Microsoft.Media.", $odata),
                        $crate::wire::Wire::write(value),
                    )),+
                }
            }

            fn schema(schemas: &mut $crate::wire::Schemas) -> serde_json::Value {
                schemas.named($name, |schemas| {
                    let mut union = $crate::wire::UnionSchema::default();
                    $(
                        let body = <$inner as $crate::wire::Wire>::schema(schemas);
                        union.variant($name, $odata, body, schemas);
                    )+
                    union.finish()
                })
            }
        }
    };
}

/// Implements [`Wire`](crate::wire::Wire) for a type of the domain that has a text form.
macro_rules! wire_text_for {
    ($($type:ty),+ $(,)?) => {$(
        impl $crate::wire::Wire for $type {
            fn read(node: &$crate::wire::Node<'_>) -> Result<Self, $crate::http::ApiError> {
                let text = <String as $crate::wire::Wire>::read(node)?;
                text.parse().map_err(|error| node.wrong(format!("is wrong: {error}")))
            }

            fn write(&self) -> serde_json::Value {
                self.to_string().into()
            }

            fn schema(_: &mut $crate::wire::Schemas) -> serde_json::Value {
                serde_json::json!({ "type": "string" })
            }
        }
    )+};
}

/// Implements [`Wire`](crate::wire::Wire) for enums of the domain that know their names.
macro_rules! wire_choice_for {
    ($($type:ident as $name:literal),+ $(,)?) => {$(
        impl $crate::wire::Wire for $type {
            fn read(node: &$crate::wire::Node<'_>) -> Result<Self, $crate::http::ApiError> {
                let names = || Self::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", ");
                let text = <String as $crate::wire::Wire>::read(node)?;
                Self::from_name(&text).ok_or_else(|| node.expected(&format!("one of {}", names())))
            }

            fn write(&self) -> serde_json::Value {
                self.as_str().into()
            }

            fn schema(schemas: &mut $crate::wire::Schemas) -> serde_json::Value {
                schemas.named($name, |_| {
                    let names: Vec<&str> = Self::ALL.iter().map(|one| one.as_str()).collect();
                    serde_json::json!({ "type": "string", "enum": names })
                })
            }
        }
    )+};
}

pub(crate) use {field, wire_choice_for, wire_for, wire_text_for, wire_union_for};
