//! The instances of a generic function, whose keys are kept apart.

use std::any::TypeId;
use std::sync::OnceLock;

use crate::call::Types;

/// The part of a scope that tells the instances of a function apart in this process. Two functions
/// that give one `name` share the keys of those instances whose types have equal names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Instance {
    /// The names of `Self` and of the function's own arguments.
    pub names: [&'static str; 2],
    /// The exact types. `None` where the names alone count: the site has a `name`, under which
    /// instances are shared, and no other types can have these names.
    pub id: Option<TypeId>,
}

impl Instance {
    fn new(types: Types, is_named: bool) -> Self {
        let exact = !is_named || !types.are_named();
        Self {
            names: [types.this().unwrap_or_default(), types.arguments()],
            id: exact.then(|| types.id()),
        }
    }
}

/// The list of those instances of one site that have been called. An instance is leaked, so that a
/// record can refer to it. That is bounded: a program has a fixed number of instances.
#[derive(Debug, Default)]
pub(super) struct Instances(OnceLock<&'static Node>);

#[derive(Debug)]
struct Node {
    id: TypeId,
    instance: Instance,
    others: Instances,
}

impl Instances {
    pub(super) const fn new() -> Self {
        Self(OnceLock::new())
    }

    pub(super) fn get(&self, types: Types, is_named: bool) -> &'static Instance {
        let mut place = &self.0;
        loop {
            let node = *place.get_or_init(|| {
                Box::leak(Box::new(Node {
                    id: types.id(),
                    instance: Instance::new(types, is_named),
                    others: Self::new(),
                }))
            });
            if node.id == types.id() {
                return &node.instance;
            }
            place = &node.others.0;
        }
    }
}

/// The types that the expression of a key names.
///
/// On a store that outlives the process the names of types are not part of the scope, as they
/// change with the compiler. There the key itself has to tell the instances apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub struct KeySays {
    /// Whether it names all of the function's own type parameters, or values of these types.
    pub arguments: bool,
    /// Whether it names `Self` or `self`.
    pub this: bool,
    /// Whether it names something that looks like a type parameter of an `impl` or a `trait`.
    pub parameter: bool,
}

impl KeySays {
    pub(super) const NOTHING: Self = Self {
        arguments: false,
        this: false,
        parameter: false,
    };
}
