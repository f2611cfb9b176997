//! The bytes of a key part: tagged, self-delimiting, the same for equal values.
//!
//! JSON would not do: there NaN and `None` are one text, maps have no order, and their keys must be
//! strings. Here integers go by value (a `u32` may become a `u64`), maps and structs are sorted by
//! key (a `HashMap` is one key however it was filled), and variants go by name. A set is sorted
//! too; serde hands it over as a list, so the encoder knows a set by the name of its type: of the value
//! that it is given, or of what the list is collected from, which nothing around the set hides.

mod tags;
mod unordered;

use std::any::type_name;
use std::fmt;

use serde::ser::{self, Serialize};

use super::key_bytes::KeyBytes;
use crate::error::idempotency::KeyFault;
pub(super) use tags::is_empty;
use tags::{
    BYTES, END, FALSE, FLOAT, LIST, MAP, NATURAL, NEGATIVE, NONE, SOME, STR, TRUE, UNIT, VARIANT,
};
use unordered::is_unordered;

impl ser::Error for KeyFault {
    // The text may hold parts of the key: it is not kept.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::NotSerialisable
    }
}

/// Writes one value.
#[doc(hidden)]
#[derive(Debug)]
pub struct Encoder<'b> {
    out: &'b mut KeyBytes,
    /// Whether the value is a part of a key, which must not be empty.
    strict: bool,
    /// The name of the value's type.
    type_name: &'static str,
}

impl<'b> Encoder<'b> {
    pub(super) fn new(out: &'b mut KeyBytes, strict: bool) -> Self {
        Self {
            out,
            strict,
            type_name: "",
        }
    }

    pub(super) fn value<T: Serialize + ?Sized>(mut self, value: &T) -> Result<(), KeyFault> {
        self.type_name = type_name::<T>();
        value.serialize(self)
    }

    fn blob(self, tag: u8, bytes: &[u8]) -> Result<(), KeyFault> {
        if self.strict && bytes.is_empty() {
            return Err(KeyFault::Missing);
        }
        self.out.push(tag);
        self.out
            .extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn nothing(self, tag: u8) -> Result<(), KeyFault> {
        if self.strict {
            return Err(KeyFault::Missing);
        }
        self.out.push(tag);
        Ok(())
    }

    fn variant(self, name: &str) -> Result<Self, KeyFault> {
        let Self { out, strict, .. } = self;
        out.push(VARIANT);
        Encoder::new(out, false).blob(STR, name.as_bytes())?;
        Ok(Encoder::new(out, strict))
    }

    fn list(self, strict: bool) -> List<'b> {
        self.out.push(LIST);
        List {
            out: self.out,
            strict,
            set: None,
        }
    }

    fn map(self) -> Map<'b> {
        Map {
            out: self.out,
            entries: Vec::new(),
            key: KeyBytes::new(),
        }
    }
}

macro_rules! integers {
    ($($method:ident: $int:ty => $wide:ident,)*) => {
        $(fn $method(self, v: $int) -> Result<(), KeyFault> {
            self.$wide(v.into())
        })*
    };
}

impl<'b> ser::Serializer for Encoder<'b> {
    type Ok = ();
    type Error = KeyFault;
    type SerializeSeq = List<'b>;
    type SerializeTuple = List<'b>;
    type SerializeTupleStruct = List<'b>;
    type SerializeTupleVariant = List<'b>;
    type SerializeMap = Map<'b>;
    type SerializeStruct = Map<'b>;
    type SerializeStructVariant = Map<'b>;

    integers! {
        serialize_i8: i8 => serialize_i128,
        serialize_i16: i16 => serialize_i128,
        serialize_i32: i32 => serialize_i128,
        serialize_i64: i64 => serialize_i128,
        serialize_u8: u8 => serialize_u128,
        serialize_u16: u16 => serialize_u128,
        serialize_u32: u32 => serialize_u128,
        serialize_u64: u64 => serialize_u128,
    }

    fn serialize_i128(self, v: i128) -> Result<(), KeyFault> {
        if v >= 0 {
            return self.serialize_u128(v.unsigned_abs());
        }
        self.out.push(NEGATIVE);
        self.out.extend_from_slice(&v.to_le_bytes());
        Ok(())
    }

    fn serialize_u128(self, v: u128) -> Result<(), KeyFault> {
        self.out.push(NATURAL);
        self.out.extend_from_slice(&v.to_le_bytes());
        Ok(())
    }

    fn serialize_bool(self, v: bool) -> Result<(), KeyFault> {
        self.out.push(if v { TRUE } else { FALSE });
        Ok(())
    }

    fn serialize_f32(self, v: f32) -> Result<(), KeyFault> {
        self.serialize_f64(v.into())
    }

    fn serialize_f64(self, v: f64) -> Result<(), KeyFault> {
        // `-0.0` becomes `0.0` and all NaNs become one, so that equal values make equal keys.
        let v = if v.is_nan() { f64::NAN } else { v + 0.0 };
        self.out.push(FLOAT);
        self.out.extend_from_slice(&v.to_bits().to_le_bytes());
        Ok(())
    }

    fn serialize_char(self, v: char) -> Result<(), KeyFault> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, v: &str) -> Result<(), KeyFault> {
        self.blob(STR, v.as_bytes())
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), KeyFault> {
        self.blob(BYTES, v)
    }

    fn serialize_none(self) -> Result<(), KeyFault> {
        self.nothing(NONE)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), KeyFault> {
        self.out.push(SOME);
        self.value(value)
    }

    fn serialize_unit(self) -> Result<(), KeyFault> {
        self.nothing(UNIT)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), KeyFault> {
        self.serialize_unit_variant("", 0, name)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), KeyFault> {
        self.variant(variant)?.out.push(END);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), KeyFault> {
        self.value(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), KeyFault> {
        self.variant(variant)?.value(value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'b>, KeyFault> {
        let set = is_unordered(self.type_name).then(Vec::new);
        Ok(List {
            set,
            ..self.list(false)
        })
    }

    fn collect_seq<I>(mut self, values: I) -> Result<(), KeyFault>
    where
        I: IntoIterator<Item: Serialize>,
    {
        // A set that a `#[serde(transparent)]` type holds, say, is handed on to this serializer: the
        // value that it was given is of another type.
        let collected = type_name::<I>();
        if is_unordered(collected) {
            self.type_name = collected;
        }
        let mut list = self.serialize_seq(None)?;
        for value in values {
            list.add(&value)?;
        }
        list.finish();
        Ok(())
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'b>, KeyFault> {
        let strict = self.strict;
        Ok(self.list(strict))
    }

    fn serialize_tuple_struct(self, _: &'static str, n: usize) -> Result<List<'b>, KeyFault> {
        self.serialize_tuple(n)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        n: usize,
    ) -> Result<List<'b>, KeyFault> {
        self.variant(variant)?.serialize_tuple(n)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Map<'b>, KeyFault> {
        Ok(self.map())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Map<'b>, KeyFault> {
        Ok(self.map())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Map<'b>, KeyFault> {
        Ok(self.variant(variant)?.map())
    }
}

/// Writes elements in their order. The elements of a set are collected first, and sorted.
#[doc(hidden)]
#[derive(Debug)]
pub struct List<'b> {
    out: &'b mut KeyBytes,
    strict: bool,
    set: Option<Vec<KeyBytes>>,
}

impl List<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyFault> {
        let Some(set) = &mut self.set else {
            return Encoder::new(self.out, self.strict).value(value);
        };
        let mut bytes = KeyBytes::new();
        Encoder::new(&mut bytes, false).value(value)?;
        set.push(bytes);
        Ok(())
    }

    fn finish(self) {
        if let Some(mut set) = self.set {
            set.sort_unstable();
            for one in &set {
                self.out.extend_from_slice(one);
            }
        }
        self.out.push(END);
    }
}

macro_rules! list {
    ($($serialize:ident: $add:ident,)*) => {
        $(impl ser::$serialize for List<'_> {
            type Ok = ();
            type Error = KeyFault;
            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyFault> {
                self.add(value)
            }
            fn end(self) -> Result<(), KeyFault> {
                self.finish();
                Ok(())
            }
        })*
    };
}

list! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field,
}

/// Writes the entries of a map or a struct. They are collected first, and sorted by key.
#[doc(hidden)]
#[derive(Debug)]
pub struct Map<'b> {
    out: &'b mut KeyBytes,
    entries: Vec<(KeyBytes, KeyBytes)>,
    key: KeyBytes,
}

impl Map<'_> {
    fn finish(mut self) {
        self.entries.sort_unstable();
        self.out.push(MAP);
        for (key, value) in self.entries {
            self.out.extend_from_slice(&key);
            self.out.extend_from_slice(&value);
        }
        self.out.push(END);
    }
}

impl ser::SerializeMap for Map<'_> {
    type Ok = ();
    type Error = KeyFault;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), KeyFault> {
        Encoder::new(&mut self.key, false).value(key)
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyFault> {
        let mut bytes = KeyBytes::new();
        Encoder::new(&mut bytes, false).value(value)?;
        self.entries.push((std::mem::take(&mut self.key), bytes));
        Ok(())
    }
    fn end(self) -> Result<(), KeyFault> {
        self.finish();
        Ok(())
    }
}

macro_rules! fields {
    ($($serialize:ident,)*) => {
        $(impl ser::$serialize for Map<'_> {
            type Ok = ();
            type Error = KeyFault;
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), KeyFault> {
                ser::SerializeMap::serialize_entry(self, name, value)
            }
            fn end(self) -> Result<(), KeyFault> {
                self.finish();
                Ok(())
            }
        })*
    };
}

fields! { SerializeStruct, SerializeStructVariant, }
