//! How objects are read and written without serde's derive: a type lists its fields, the rest is here, once for all.
//!
//! Owns the order of keys, missing, doubled, unknown and empty fields. It never looks at a value: its type does that.

use std::collections::BTreeMap;
use std::{fmt, mem};

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_with::{DefaultOnNull, Same, de::DeserializeAsWrap};

use crate::{Date, File, Json, Money, Percent, Personal, Secret, Timestamp};

/// Implements `Deserialize` and `Serialize` for a struct of a reply by the list of its fields, each with its wire name where
/// that differs, and `..extra` where unknown fields are kept.
///
/// Not derived, since whoever builds this crate pays for the derive twice: a procedural macro with a parser of its own, and
/// for each struct a loop with a local for each field. Here a struct is a table of references, and one loop serves them all.
/// It also keeps unknown fields as raw text, where serde's `flatten` would put their numbers through floats.
///
/// The types of the fields say the rest: `Option` and `Vec` may be missing or null, every other field is required. A list that
/// is required too is marked `#[required]`.
macro_rules! response {
    ($name:ident $($object:tt)*) => {
        $crate::object::object!(Empty::Written, $name $($object)*);
        $crate::object::readable!($name);
    };
}

/// The same for a struct that is posted to us and signed: it is read inside [`Signed`](crate::Signed) alone.
macro_rules! signed {
    ($name:ident $($object:tt)*) => {
        $crate::object::object!(Empty::Written, $name $($object)*);

        impl<'de> serde::Deserialize<'de> for $crate::Signed<$name> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::object::deserialize(deserializer).map(Self)
            }
        }
    };
}

/// The same for a struct that is sent: empty fields are left out.
macro_rules! request {
    ($name:ident $($object:tt)*) => {
        $crate::object::object!(Empty::LeftOut, $name $($object)*);
        $crate::object::readable!($name);
    };
}

macro_rules! readable {
    ($name:ident) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::object::deserialize(deserializer)
            }
        }
    };
}

macro_rules! object {
    (
        Empty::$empty:ident,
        $name:ident {
            $($(#[$required:ident])? $field:ident $(: $wire:literal)?),* $(, ..$extra:ident)? $(,)?
        }
    ) => {
        $crate::object::always! {
            $name: $name {
                $($field: $crate::object::Blank::blank(),)*
                $($extra: std::collections::BTreeMap::new(),)?
            }
        }

        impl $name {
            const FIELDS: &[&str] = &[$($crate::object::wire!($field $($wire)?)),*];
        }

        // Derived, it would check again that each field is `Eq`, as all types here are.
        impl Eq for $name {}

        impl<'de> $crate::object::Object<'de> for $name {
            fn read<A: serde::de::MapAccess<'de>>(&mut self, map: A) -> Result<(), A::Error> {
                $crate::object::read(
                    Self::FIELDS,
                    &mut [$(Some(&mut $crate::object::place!($($required)? (&mut self.$field)))),*],
                    $crate::object::extra!($(&mut self.$extra)?),
                    map,
                )
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::object::Fields {
                    object: stringify!($name),
                    empty: $crate::object::Empty::$empty,
                    names: Self::FIELDS,
                    values: &[$(&$crate::object::place!($($required)? (&self.$field))),*],
                    extra: $crate::object::extra!($(&self.$extra)?),
                }
                .serialize(serializer)
            }
        }
    };
}

/// The wire name of a field.
macro_rules! wire {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}

/// A field for the tables.
macro_rules! place {
    ((&mut $($field:tt)+)) => {
        $($field)+
    };
    ((&$($field:tt)+)) => {
        $($field)+
    };
    (required $field:tt) => {
        $crate::object::Required($field)
    };
}

/// Where unknown fields are kept, if anywhere.
macro_rules! extra {
    () => {
        None
    };
    ($extra:expr) => {
        Some($extra)
    };
}

pub(crate) use {extra, object, place, readable, request, response, signed, wire};

type Extra = BTreeMap<String, Json>;

/// A value that a field has until it is read.
pub(crate) trait Blank {
    /// Nothing, zero, or an empty text.
    fn blank() -> Self;

    /// Whether the field may be left out of a request.
    fn is_empty(&self) -> bool {
        false
    }
}

/// A type whose fields an object is refused without.
pub(crate) trait Always: Blank {}

impl<T> Blank for Option<T> {
    fn blank() -> Self {
        None
    }

    fn is_empty(&self) -> bool {
        self.is_none()
    }
}

impl<T> Blank for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Always> Blank for Box<T> {
    fn blank() -> Self {
        Self::new(T::blank())
    }
}

impl<T: Always> Always for Box<T> {}

impl<T: Always> Blank for Personal<T> {
    fn blank() -> Self {
        Self::new(T::blank())
    }
}

impl<T: Always> Always for Personal<T> {}

/// Implements [`Blank`] and [`Always`].
macro_rules! always {
    ($($type:ty: $blank:expr),+ $(,)?) => {$(
        impl $crate::object::Blank for $type {
            fn blank() -> Self {
                $blank
            }
        }

        impl $crate::object::Always for $type {}
    )+};
}

pub(crate) use always;

always! {
    bool: false,
    i64: 0,
    u64: 0,
    String: String::new(),
    Secret: Secret::new(String::new()),
    Money: Money::default(),
    Percent: Percent::default(),
    Timestamp: jiff::Timestamp::UNIX_EPOCH.into(),
    Date: jiff::civil::Date::ZERO.into(),
    File: File::new(Vec::new()),
}

/// A struct that is read field by field.
pub(crate) trait Object<'de>: Always {
    /// Fills the fields from a map.
    fn read<A: MapAccess<'de>>(&mut self, map: A) -> Result<(), A::Error>;
}

/// Reads an object.
pub(crate) fn deserialize<'de, T: Object<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    struct Whole<'a, T>(&'a mut T);

    impl<'de, T: Object<'de>> Visitor<'de> for Whole<'_, T> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
            self.0.read(map)
        }
    }

    let mut object = T::blank();
    deserializer.deserialize_map(Whole(&mut object))?;
    Ok(object)
}

/// Where a field is read to, until it is.
pub(crate) type Slot<'a, 'de, A> = Option<&'a mut dyn Read<'de, A>>;

/// A field of any type.
pub(crate) trait Read<'de, A: MapAccess<'de>> {
    /// Reads the value behind the key.
    fn read(&mut self, map: &mut A) -> Result<(), A::Error>;

    /// Whether an object without the field is refused.
    fn is_required(&self) -> bool;
}

impl<'de, A: MapAccess<'de>, T: Always + Deserialize<'de>> Read<'de, A> for T {
    fn read(&mut self, map: &mut A) -> Result<(), A::Error> {
        *self = map.next_value()?;
        Ok(())
    }

    fn is_required(&self) -> bool {
        true
    }
}

impl<'de, A: MapAccess<'de>, T: Deserialize<'de>> Read<'de, A> for Option<T> {
    fn read(&mut self, map: &mut A) -> Result<(), A::Error> {
        map.next_value_seed(InPlace(self))
    }

    fn is_required(&self) -> bool {
        false
    }
}

/// Null reads as an empty list.
impl<'de, A: MapAccess<'de>, T: Deserialize<'de>> Read<'de, A> for Vec<T> {
    fn read(&mut self, map: &mut A) -> Result<(), A::Error> {
        *self = DeserializeAsWrap::<Self, DefaultOnNull<Same>>::into_inner(map.next_value()?);
        Ok(())
    }

    fn is_required(&self) -> bool {
        false
    }
}

/// Reads an optional value to where it stays: most fields are optional, and serde's own way moves each twice.
struct InPlace<'a, T>(&'a mut Option<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for InPlace<'_, T> {
    type Value = ();

    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for InPlace<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("option")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    #[inline(always)]
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        *self.0 = Some(T::deserialize(deserializer)?);
        Ok(())
    }
}

/// A list that an object is refused without, and that is written even when it is empty.
pub(crate) struct Required<T>(pub(crate) T);

impl<'de, A: MapAccess<'de>, T: Deserialize<'de>> Read<'de, A> for Required<&mut Vec<T>> {
    fn read(&mut self, map: &mut A) -> Result<(), A::Error> {
        *self.0 = map.next_value()?;
        Ok(())
    }

    fn is_required(&self) -> bool {
        true
    }
}

impl<S: Serializer, T: Serialize> Write<S> for Required<&Vec<T>> {
    fn write(&self, name: &'static str, to: &mut To<S>) -> Result<(), S::Error> {
        to.write(name, self.0)
    }

    fn is_empty(&self) -> bool {
        false
    }
}

/// Reads each field of a map into the slot of its name.
pub(crate) fn read<'de, A: MapAccess<'de>>(
    names: &'static [&'static str],
    slots: &mut [Slot<'_, 'de, A>],
    mut extra: Option<&mut Extra>,
    mut map: A,
) -> Result<(), A::Error> {
    let mut key = Key {
        names,
        index: usize::MAX,
        unknown: extra.as_ref().map(|_| String::new()),
    };
    while map.next_key_seed(&mut key)?.is_some() {
        if let Some(slot) = slots.get_mut(key.index) {
            match slot.take() {
                Some(slot) => slot.read(&mut map)?,
                None => return Err(doubled(names, key.index)),
            }
        } else if let (Some(extra), Some(name)) = (&mut extra, &mut key.unknown) {
            extra.insert(mem::take(name), map.next_value()?);
        } else {
            map.next_value::<IgnoredAny>()?;
        }
    }
    let is_missing = |slot: &Slot<'_, 'de, A>| slot.as_ref().is_some_and(|slot| slot.is_required());
    match names.iter().zip(slots).find(|(_, slot)| is_missing(slot)) {
        Some((name, _)) => Err(A::Error::missing_field(name)),
        None => Ok(()),
    }
}

#[cold]
fn doubled<E: Error>(names: &[&'static str], index: usize) -> E {
    E::duplicate_field(names.get(index).copied().unwrap_or_default())
}

/// What becomes of an empty field that is written.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Empty {
    /// Null, or an empty list.
    Written,
    /// Nothing.
    LeftOut,
}

/// The fields of an object to write.
pub(crate) struct Fields<'a, S: Serializer> {
    pub(crate) object: &'static str,
    pub(crate) empty: Empty,
    pub(crate) names: &'static [&'static str],
    pub(crate) values: &'a [&'a dyn Write<S>],
    pub(crate) extra: Option<&'a Extra>,
}

impl<S: Serializer> Fields<'_, S> {
    /// Writes them: as a struct, or as a map where unknown fields stand between them.
    pub(crate) fn serialize(self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_written = |value: &dyn Write<S>| self.empty == Empty::Written || !value.is_empty();
        let mut to = match self.extra {
            Some(_) => To::Map(serializer.serialize_map(None)?),
            None => {
                let count = self
                    .values
                    .iter()
                    .filter(|value| is_written(**value))
                    .count();
                To::Struct(serializer.serialize_struct(self.object, count)?)
            }
        };
        for (name, value) in self.names.iter().zip(self.values) {
            if is_written(*value) {
                value.write(name, &mut to)?;
            } else if let To::Struct(fields) = &mut to {
                fields.skip_field(name)?;
            }
        }
        match to {
            To::Struct(fields) => fields.end(),
            To::Map(mut map) => {
                for (name, value) in self.extra.into_iter().flatten() {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// Where fields are written to.
pub(crate) enum To<S: Serializer> {
    Struct(S::SerializeStruct),
    Map(S::SerializeMap),
}

impl<S: Serializer> To<S> {
    fn write<T: Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), S::Error> {
        match self {
            Self::Struct(fields) => fields.serialize_field(name, value),
            Self::Map(map) => map.serialize_entry(name, value),
        }
    }
}

/// A field of any type.
pub(crate) trait Write<S: Serializer> {
    /// Writes name and value.
    fn write(&self, name: &'static str, to: &mut To<S>) -> Result<(), S::Error>;

    /// Whether the field may be left out of a request.
    fn is_empty(&self) -> bool;
}

impl<S: Serializer, T: Blank + Serialize> Write<S> for T {
    fn write(&self, name: &'static str, to: &mut To<S>) -> Result<(), S::Error> {
        to.write(name, self)
    }

    fn is_empty(&self) -> bool {
        Blank::is_empty(self)
    }
}

/// Looks keys up among the names, without a copy.
struct Key {
    names: &'static [&'static str],
    /// Of the name that the last key is; `usize::MAX` before the first, none after an unknown one.
    index: usize,
    /// The last key that is no name, if it is to be kept.
    unknown: Option<String>,
}

impl<'de> DeserializeSeed<'de> for &mut Key {
    type Value = ();

    #[inline(always)]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for &mut Key {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    #[inline(always)]
    fn visit_str<E: Error>(self, key: &str) -> Result<(), E> {
        // Services send the fields in the order of their document, so that is where the search begins.
        let next = self.index.wrapping_add(1);
        if self.names.get(next).is_some_and(|name| is_same(name, key)) {
            self.index = next;
        } else {
            self.search(key);
        }
        Ok(())
    }
}

impl Key {
    #[cold]
    fn search(&mut self, key: &str) {
        match self.names.iter().position(|name| *name == key) {
            Some(index) => self.index = index,
            None => {
                self.index = self.names.len();
                if let Some(unknown) = &mut self.unknown {
                    key.clone_into(unknown);
                }
            }
        }
    }
}

/// `==` without a call, for texts as short as names: two looks that may overlap.
#[inline(always)]
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        ..4 => one.iter().eq(other),
        4..8 => {
            one.first_chunk::<4>() == other.first_chunk()
                && one.last_chunk::<4>() == other.last_chunk()
        }
        8..16 => {
            one.first_chunk::<8>() == other.first_chunk()
                && one.last_chunk::<8>() == other.last_chunk()
        }
        16..=32 => {
            one.first_chunk::<16>() == other.first_chunk()
                && one.last_chunk::<16>() == other.last_chunk()
        }
        _ => one == other,
    }
}
