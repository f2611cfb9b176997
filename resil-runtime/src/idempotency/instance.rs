//! The instances of a generic function, whose keys are kept apart.

use std::any::TypeId;
use std::sync::OnceLock;

use crate::call::Types;

/// The part of a scope that tells the instances of a function apart in this process. Two functions
/// of one `name` share the keys of each type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Instance {
    /// The names of `Self` and of the function's own arguments.
    pub names: [&'static str; 2],
    /// The exact types, where there is no `name` to share, or where other types may have these names.
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

/// The instances of one site that were called. Each is kept once and for good, so that a record can
/// hold a reference: a program has a fixed number of them.
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

/// The types that the expression of a key names. On a store that outlives the process the names of
/// types are not part of the scope, as they change with the compiler: there the key has to tell the
/// instances apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub struct KeySays {
    /// It names all of the function's own type parameters, or values of these types.
    pub arguments: bool,
    /// It names `Self`, or `self`.
    pub this: bool,
    /// It names something that looks like a type parameter of an `impl` or a `trait`.
    pub parameter: bool,
}

impl KeySays {
    pub(super) const NOTHING: Self = Self {
        arguments: false,
        this: false,
        parameter: false,
    };
}
