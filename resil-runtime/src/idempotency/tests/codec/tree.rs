//! Values of all shapes, and whether JSON can carry them.
#![allow(clippy::option_option, reason = "what it is about")]

use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// Whether JSON can carry it, by rules of its own.
pub(super) trait Carried {
    fn carried(&self) -> bool;
    /// It is written as `null`.
    fn null(&self) -> bool {
        false
    }
}

macro_rules! always {
    ($($ty:ty),*) => {
        $(impl Carried for $ty {
            fn carried(&self) -> bool {
                true
            }
        })*
    };
}
always!(bool, char, String, i8, u16, i64, u64, i128, u128);

impl Carried for f32 {
    fn carried(&self) -> bool {
        self.is_finite()
    }
}
impl Carried for f64 {
    fn carried(&self) -> bool {
        self.is_finite()
    }
}
impl Carried for () {
    fn carried(&self) -> bool {
        true
    }
    fn null(&self) -> bool {
        true
    }
}
impl<V: Carried> Carried for Option<V> {
    fn carried(&self) -> bool {
        self.as_ref().is_none_or(|v| v.carried() && !v.null())
    }
    fn null(&self) -> bool {
        self.as_ref().is_none_or(Carried::null)
    }
}
impl<V: Carried> Carried for Vec<V> {
    fn carried(&self) -> bool {
        self.iter().all(Carried::carried)
    }
}
impl<K, V: Carried> Carried for BTreeMap<K, V> {
    fn carried(&self) -> bool {
        self.values().all(Carried::carried)
    }
}

/// As it is written, it is what it holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Meters<V>(pub(super) V);

impl<V: Carried> Carried for Meters<V> {
    fn carried(&self) -> bool {
        self.0.carried()
    }
    fn null(&self) -> bool {
        self.0.null()
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Marker;

impl Carried for Marker {
    fn carried(&self) -> bool {
        true
    }
    fn null(&self) -> bool {
        true
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Loose {
    Float(f64),
    Text(String),
    Many(Vec<Option<f64>>),
    Nothing,
}

impl Carried for Loose {
    fn carried(&self) -> bool {
        match self {
            Self::Float(v) => v.carried(),
            Self::Many(v) => v.carried(),
            Self::Text(_) | Self::Nothing => true,
        }
    }
    fn null(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub(super) enum Tagged {
    Empty,
    Inner(Rest),
    Fields {
        price: Option<f64>,
        note: Option<Option<bool>>,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Rest {
    ratio: Option<f64>,
    #[serde(flatten)]
    more: BTreeMap<String, Option<f64>>,
}

impl Carried for Rest {
    fn carried(&self) -> bool {
        self.ratio.carried() && self.more.carried()
    }
}

impl Carried for Tagged {
    fn carried(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Inner(rest) => rest.carried(),
            Self::Fields { price, note } => price.carried() && note.carried(),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Tree {
    Unit,
    Marker(Option<Marker>),
    Numbers(i8, u16, i64, u64, i128, u128),
    Floats(Vec<f64>, Vec<f32>),
    Nested(Option<Option<f64>>, Option<Option<Option<()>>>),
    Metres(Option<Meters<Option<f32>>>, Meters<()>),
    Keys {
        ints: BTreeMap<i64, Option<f64>>,
        chars: BTreeMap<char, Option<()>>,
        words: BTreeMap<String, f32>,
        flags: BTreeMap<bool, u128>,
    },
    Text(char, String),
    Loose(Option<Loose>, Loose),
    Tagged(Option<Tagged>),
    Branch(Vec<Tree>),
    Maybe(Option<Box<Tree>>),
    Pair(Box<(Tree, Meters<Tree>)>),
}

impl Carried for Tree {
    fn carried(&self) -> bool {
        match self {
            Self::Unit | Self::Numbers(..) | Self::Text(..) => true,
            Self::Marker(v) => v.carried(),
            Self::Floats(a, b) => a.carried() && b.carried(),
            Self::Nested(a, b) => a.carried() && b.carried(),
            Self::Metres(a, b) => a.carried() && b.carried(),
            Self::Keys {
                ints,
                chars,
                words,
                flags,
            } => ints.carried() && chars.carried() && words.carried() && flags.carried(),
            Self::Loose(a, b) => a.carried() && b.carried(),
            Self::Tagged(v) => v.carried(),
            Self::Branch(v) => v.carried(),
            Self::Maybe(v) => v.as_ref().is_none_or(|v| v.carried()),
            Self::Pair(pair) => pair.0.carried() && pair.1.carried(),
        }
    }
}

/// Any bits, and the ones that are special; mostly finite, so that not all is refused.
fn f64s() -> impl Strategy<Value = f64> + Clone {
    let special = [
        0.0,
        -0.0,
        1.0,
        f64::MIN_POSITIVE,
        5e-324,
        f64::MAX,
        0.1 + 0.2,
    ];
    prop_oneof![
        20 => any::<f64>(),
        4 => -1e3..1e3f64,
        2 => prop::sample::select(special.to_vec()),
        1 => any::<u64>().prop_map(f64::from_bits),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
    ]
}

fn f32s() -> impl Strategy<Value = f32> + Clone {
    prop_oneof![
        20 => any::<f32>(),
        1 => any::<u32>().prop_map(f32::from_bits),
    ]
}

fn text() -> impl Strategy<Value = String> + Clone {
    vec(any::<char>(), 0..6).prop_map(String::from_iter)
}

fn loose() -> impl Strategy<Value = Loose> + Clone {
    prop_oneof![
        f64s().prop_map(Loose::Float),
        text().prop_map(Loose::Text),
        vec(option::of(f64s()), 0..4).prop_map(Loose::Many),
        Just(Loose::Nothing),
    ]
}

fn tagged() -> impl Strategy<Value = Tagged> + Clone {
    // No name that a field has.
    let more = btree_map(
        text().prop_map(|t| format!("-{t}")),
        option::of(f64s()),
        0..3,
    );
    prop_oneof![
        Just(Tagged::Empty),
        (option::of(f64s()), more).prop_map(|(ratio, more)| Tagged::Inner(Rest { ratio, more })),
        (option::of(f64s()), option::of(option::of(any::<bool>())))
            .prop_map(|(price, note)| Tagged::Fields { price, note }),
    ]
}

fn keys() -> impl Strategy<Value = Tree> {
    (
        btree_map(any::<i64>(), option::of(f64s()), 0..4),
        btree_map(any::<char>(), option::of(Just(())), 0..2),
        btree_map(text(), f32s(), 0..4),
        btree_map(any::<bool>(), any::<u128>(), 0..2),
    )
        .prop_map(|(ints, chars, words, flags)| Tree::Keys {
            ints,
            chars,
            words,
            flags,
        })
}

pub(super) fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Unit),
        option::weighted(0.2, Just(Marker)).prop_map(Tree::Marker),
        any::<(i8, u16, i64, u64, i128, u128)>()
            .prop_map(|(a, b, c, d, e, f)| Tree::Numbers(a, b, c, d, e, f)),
        (vec(f64s(), 0..6), vec(f32s(), 0..6)).prop_map(|(a, b)| Tree::Floats(a, b)),
        (
            option::of(option::of(f64s())),
            option::of(option::of(option::of(Just(()))))
        )
            .prop_map(|(a, b)| Tree::Nested(a, b)),
        option::of(option::of(f32s()).prop_map(Meters)).prop_map(|v| Tree::Metres(v, Meters(()))),
        keys(),
        (any::<char>(), text()).prop_map(|(a, b)| Tree::Text(a, b)),
        (option::of(loose()), loose()).prop_map(|(a, b)| Tree::Loose(a, b)),
        option::of(tagged()).prop_map(Tree::Tagged),
    ];
    leaf.prop_recursive(6, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Tree::Branch),
            option::of(inner.clone().prop_map(Box::new)).prop_map(Tree::Maybe),
            (inner.clone(), inner).prop_map(|(a, b)| Tree::Pair(Box::new((a, Meters(b))))),
        ]
    })
}
