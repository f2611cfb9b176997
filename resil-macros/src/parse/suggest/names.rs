//! The names by which other libraries call an option.

use proc_macro2::Ident;

use crate::parse::args::Args;
use crate::parse::table::{AliasTarget, Guess, Opt};

impl Args<'_> {
    /// Finds what another library's name stands for.
    pub(super) fn alias(&self, name: &str) -> Option<AliasTarget> {
        self.spec.alias(name)
    }

    /// Finds the option that another library's name stands for, if it is one.
    pub(super) fn aliased_option(&self, ident: &Ident) -> Option<&'static Opt> {
        match self.alias(&ident.to_string())? {
            AliasTarget::Option(name, _) | AliasTarget::OneMore(name) => self.option(name),
            AliasTarget::CountOrRatio(..) | AliasTarget::Advice(_) => None,
        }
    }

    /// Finds the option that a nameless value of that kind most likely belongs to and that is not
    /// given yet.
    pub(super) fn named_by(&self, guess: Guess) -> Option<&'static Opt> {
        let (_, name) = self
            .spec
            .nameless
            .iter()
            .find(|(kind, name)| *kind == guess && self.mentioned(name).is_none())?;
        self.option(name)
    }
}
