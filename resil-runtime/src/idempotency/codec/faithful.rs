//! Writes JSON, and refuses the values that JSON would not bring back as they were.
//!
//! JSON has one `null`. `Some(())` and `Some(None)` are written as `null` and come back as `None`.
//! `serde_json` writes NaN and the infinities as `null` too. A replay must be the value that was
//! recorded, or nothing: so such a value is refused here, before a byte of it is kept. A value that
//! is nested deeper than `serde_json` reads is refused as well.

use std::cell::Cell;
use std::fmt::Display;
use std::io;

use serde::ser::{self, Serialize, Serializer};

use crate::event::idempotency::NotRecordedReason;

/// The most levels of nesting: the parser of `serde_json` gives up at the 128th.
const DEEPEST: u8 = 127;

/// Why a value can't be written as JSON.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The value would come back as another one, or not at all.
    #[error("{UNFAITHFUL}")]
    Unfaithful,
    /// The `Serialize` of the value or the writer failed.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl Fault {
    /// Returns the reason that events give for a result that has this fault.
    pub fn reason(&self) -> NotRecordedReason {
        match self {
            Self::Unfaithful => NotRecordedReason::Unfaithful,
            Self::Json(_) => NotRecordedReason::NotEncodable,
        }
    }
}

const UNFAITHFUL: &str =
    "JSON would not bring it back: it is not finite, null in `Some`, or nested too deep";

/// Writes `value` as JSON, if JSON can carry it.
///
/// # Errors
///
/// [`Fault::Unfaithful`] if JSON can't carry it; [`Fault::Json`] if `to` or the `Serialize` of the
/// value fails.
pub fn to_writer<V: Serialize + ?Sized>(to: impl io::Write, value: &V) -> Result<(), Fault> {
    let unfaithful = Cell::new(false);
    let place = Place {
        in_some: false,
        depth: 0,
        unfaithful: &unfaithful,
    };
    let json = &mut serde_json::Serializer::new(to);
    // The mark is read on success too: the value may have swallowed the error of one of its parts.
    let written = value.serialize(Faithful { json, place });
    if unfaithful.get() {
        return Err(Fault::Unfaithful);
    }
    Ok(written?)
}

/// The place of a value within the whole that is being written.
#[derive(Clone, Copy)]
struct Place<'c> {
    /// Whether it stands directly inside `Some`.
    in_some: bool,
    /// The number of arrays and objects around it.
    depth: u8,
    /// Set once a value is refused. An error of `serde_json` is text, and can't say that it is this
    /// fault.
    unfaithful: &'c Cell<bool>,
}

impl Place<'_> {
    fn refuse<E: ser::Error>(self) -> E {
        self.unfaithful.set(true);
        E::custom(UNFAITHFUL)
    }

    fn not_null<E: ser::Error>(self) -> Result<(), E> {
        if self.in_some {
            Err(self.refuse())
        } else {
            Ok(())
        }
    }

    fn finite<E: ser::Error>(self, finite: bool) -> Result<(), E> {
        if finite { Ok(()) } else { Err(self.refuse()) }
    }

    /// Returns the place inside `levels` more arrays and objects, or refuses if that is too deep.
    fn inside<E: ser::Error>(mut self, levels: u8) -> Result<Self, E> {
        self.in_some = false;
        self.depth += levels;
        if self.depth > DEEPEST {
            return Err(self.refuse());
        }
        Ok(self)
    }
}

/// A serializer over one of JSON, or over one of its parts, that looks at each value on its way.
struct Faithful<'c, S> {
    json: S,
    place: Place<'c>,
}

/// A part of a value, with its place, as the serializer beneath gets it: when that writes the part,
/// the part passes through [`Faithful`] again.
struct Part<'v, 'c, V: ?Sized> {
    value: &'v V,
    place: Place<'c>,
}

impl<V: Serialize + ?Sized> Serialize for Part<'_, '_, V> {
    #[inline]
    fn serialize<S: Serializer>(&self, json: S) -> Result<S::Ok, S::Error> {
        let place = self.place;
        self.value.serialize(Faithful { json, place })
    }
}

impl<'c, S> Faithful<'c, S> {
    fn part<'v, V: ?Sized>(&self, value: &'v V) -> Part<'v, 'c, V> {
        let place = self.place;
        Part { value, place }
    }
}

/// Passes values on unseen that are never `null` and have no parts.
macro_rules! pass {
    ($($method:ident($ty:ty),)*) => {
        $(#[inline]
        fn $method(self, v: $ty) -> Result<S::Ok, S::Error> {
            self.json.$method(v)
        })*
    };
}

impl<'c, S: Serializer> Serializer for Faithful<'c, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Faithful<'c, S::SerializeSeq>;
    type SerializeTuple = Faithful<'c, S::SerializeTuple>;
    type SerializeTupleStruct = Faithful<'c, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Faithful<'c, S::SerializeTupleVariant>;
    type SerializeMap = Faithful<'c, S::SerializeMap>;
    type SerializeStruct = Faithful<'c, S::SerializeStruct>;
    type SerializeStructVariant = Faithful<'c, S::SerializeStructVariant>;

    pass! {
        serialize_bool(bool),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_i128(i128),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_u128(u128),
        serialize_char(char),
        serialize_str(&str),
        serialize_bytes(&[u8]),
    }

    #[inline]
    fn serialize_f32(self, v: f32) -> Result<S::Ok, S::Error> {
        self.place.finite(v.is_finite())?;
        self.json.serialize_f32(v)
    }

    #[inline]
    fn serialize_f64(self, v: f64) -> Result<S::Ok, S::Error> {
        self.place.finite(v.is_finite())?;
        self.json.serialize_f64(v)
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.place.not_null()?;
        self.json.serialize_none()
    }

    #[inline]
    fn serialize_some<V: Serialize + ?Sized>(mut self, value: &V) -> Result<S::Ok, S::Error> {
        self.place.in_some = true;
        let part = self.part(value);
        self.json.serialize_some(&part)
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.place.not_null()?;
        self.json.serialize_unit()
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<S::Ok, S::Error> {
        self.place.not_null()?;
        self.json.serialize_unit_struct(name)
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.json.serialize_unit_variant(name, index, variant)
    }

    #[inline]
    fn serialize_newtype_struct<V: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &V,
    ) -> Result<S::Ok, S::Error> {
        // A newtype is written as the value in it, so the place stays: it may be in `Some`.
        let part = self.part(value);
        self.json.serialize_newtype_struct(name, &part)
    }

    fn serialize_newtype_variant<V: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &V,
    ) -> Result<S::Ok, S::Error> {
        self.place = self.place.inside(1)?;
        let part = self.part(value);
        self.json
            .serialize_newtype_variant(name, index, variant, &part)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        let place = self.place.inside(1)?;
        let json = self.json.serialize_seq(len)?;
        Ok(Faithful { json, place })
    }

    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        let place = self.place.inside(1)?;
        let json = self.json.serialize_tuple(len)?;
        Ok(Faithful { json, place })
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        let place = self.place.inside(1)?;
        let json = self.json.serialize_tuple_struct(name, len)?;
        Ok(Faithful { json, place })
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        let place = self.place.inside(2)?;
        let json = self
            .json
            .serialize_tuple_variant(name, index, variant, len)?;
        Ok(Faithful { json, place })
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        let place = self.place.inside(1)?;
        let json = self.json.serialize_map(len)?;
        Ok(Faithful { json, place })
    }

    fn serialize_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        let place = self.place.inside(1)?;
        let json = self.json.serialize_struct(name, len)?;
        Ok(Faithful { json, place })
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        let place = self.place.inside(2)?;
        let json = self
            .json
            .serialize_struct_variant(name, index, variant, len)?;
        Ok(Faithful { json, place })
    }

    fn collect_str<V: Display + ?Sized>(self, value: &V) -> Result<S::Ok, S::Error> {
        self.json.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.json.is_human_readable()
    }
}

macro_rules! elements {
    ($($of:ident: $add:ident,)*) => {
        $(impl<S: ser::$of> ser::$of for Faithful<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;
            #[inline]
            fn $add<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), S::Error> {
                let part = self.part(value);
                self.json.$add(&part)
            }
            #[inline]
            fn end(self) -> Result<S::Ok, S::Error> {
                self.json.end()
            }
        })*
    };
}

elements! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field,
}

macro_rules! fields {
    ($($of:ident,)*) => {
        $(impl<S: ser::$of> ser::$of for Faithful<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;
            #[inline]
            fn serialize_field<V: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &V,
            ) -> Result<(), S::Error> {
                let part = self.part(value);
                self.json.serialize_field(name, &part)
            }
            fn skip_field(&mut self, name: &'static str) -> Result<(), S::Error> {
                self.json.skip_field(name)
            }
            #[inline]
            fn end(self) -> Result<S::Ok, S::Error> {
                self.json.end()
            }
        })*
    };
}

fields! { SerializeStruct, SerializeStructVariant, }

impl<S: ser::SerializeMap> ser::SerializeMap for Faithful<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    fn serialize_key<K: Serialize + ?Sized>(&mut self, key: &K) -> Result<(), S::Error> {
        // Not looked at: `serde_json` itself refuses a key that is `None` or a float that is not
        // finite, and writes all others as strings.
        self.json.serialize_key(key)
    }
    fn serialize_value<V: Serialize + ?Sized>(&mut self, value: &V) -> Result<(), S::Error> {
        let part = self.part(value);
        self.json.serialize_value(&part)
    }
    fn end(self) -> Result<S::Ok, S::Error> {
        self.json.end()
    }
}
