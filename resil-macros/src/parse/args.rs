//! The values of one attribute, read and waiting to be taken.

use proc_macro2::Span;

use super::context::ParseContext;
use super::table::{Kind, Opt, Spec};
use super::value::Value;

/// The values of one attribute, each to be taken once.
pub(crate) struct Args<'a> {
    pub(super) spec: &'static Spec,
    pub(super) cx: &'a ParseContext<'a>,
    pub(super) values: Vec<Value<'a>>,
    /// The options that are written in some form. Faulty values and other libraries' names for an
    /// option count too: an option that the user meant to give is never reported as missing.
    mentioned: Vec<(&'static str, Span)>,
}

impl<'a> Args<'a> {
    pub(super) fn new(spec: &'static Spec, cx: &'a ParseContext<'a>) -> Self {
        Self {
            spec,
            cx,
            values: Vec::new(),
            mentioned: Vec::new(),
        }
    }

    /// Takes the value of the option `name`, and reads it. `None` if the option is not written, or
    /// after a fault.
    pub(crate) fn get<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value<'a>) -> Option<T>,
    ) -> Option<T> {
        self.take(name).and_then(|value| read(&value))
    }

    /// Takes the value of the option `name`, if it is written.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<Value<'a>> {
        debug_assert!(self.spec.options.iter().any(|o| o.name == name), "{name}");
        let at = self.values.iter().position(|value| value.name == name)?;
        Some(self.values.remove(at))
    }

    /// Takes the flags that name a strategy, in written order.
    pub(crate) fn take_strategies(&mut self) -> Vec<Value<'a>> {
        let is_strategy = |value: &mut Value<'_>| value.kind() == Some(Kind::Strategy);
        self.values.extract_if(.., is_strategy).collect()
    }

    /// Returns where the user gave the option `name`, or tried to.
    pub(crate) fn mentioned(&self, name: &str) -> Option<Span> {
        self.mentioned
            .iter()
            .find(|(mentioned, _)| *mentioned == name)
            .map(|(_, span)| *span)
    }

    /// Asserts that every value was taken, so that a table and its parser can't drift apart.
    pub(crate) fn done(self) {
        let left: Vec<_> = self.values.iter().map(|value| value.name).collect();
        debug_assert!(left.is_empty(), "read, but never taken: {left:?}");
    }

    /// Notes that the user gave the option `name`, or tried to.
    pub(super) fn mention(&mut self, name: &'static str, at: Span) {
        self.mentioned.push((name, at));
    }

    pub(super) fn option(&self, name: &str) -> Option<&'static Opt> {
        self.spec.option(name)
    }
}
