//! Objects that exist only on the wire.

/// Declares an object: each field has its member name.
macro_rules! wire_object {
    ($(#[$meta:meta])* $name:ident { $($(#[doc = $doc:literal])* $field:ident : $type:ty = $member:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        struct $name { $($(#[doc = $doc])* $field: $type),* }

        impl $crate::wire::Wire for $name {
            fn read(node: &$crate::wire::Node<'_>) -> Result<Self, $crate::http::ApiError> {
                node.object()?;
                Ok(Self { $($field: $crate::wire::member(node, $member)?),* })
            }

            fn write(&self) -> serde_json::Value {
                #[allow(unused_mut, reason = "an object may have no members")]
                let mut object = serde_json::Map::new();
                $($crate::wire::Wire::write_member(&self.$field, $member, &mut object);)*
                serde_json::Value::Object(object)
            }

            fn schema(schemas: &mut $crate::wire::Schemas) -> serde_json::Value {
                schemas.named(stringify!($name), |_schemas| {
                    #[allow(unused_mut, reason = "an object may have no members")]
                    let mut object = $crate::wire::ObjectSchema::default();
                    $(
                        let mut member = <$type as $crate::wire::Wire>::schema(_schemas);
                        $crate::wire::describe(&mut member, concat!($($doc),*));
                        object.member($member, <$type as $crate::wire::Wire>::REQUIRED, member);
                    )*
                    object.finish()
                })
            }
        }
    };
}

pub(crate) use wire_object;
