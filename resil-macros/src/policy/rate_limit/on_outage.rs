//! The option `on_outage` of `#[rate_limit]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use resil_language::tables::rate_limit::ON_OUTAGE;

use crate::emit::{EmitContext, Entry, SettingCode};
use crate::parse::Value;
use crate::tokens::mixed;

/// What happens while the store does not answer.
pub(crate) struct OnOutage {
    pub(super) word: &'static str,
    tokens: TokenStream,
}

impl OnOutage {
    /// Reads one of the words.
    pub(super) fn read(value: &Value<'_>) -> Option<Self> {
        let word = value.word(&ON_OUTAGE)?;
        let word = ON_OUTAGE.into_iter().find(|known| *known == word)?;
        let tokens = value.tokens.clone();
        Some(Self { word, tokens })
    }
}

impl SettingCode for OnOutage {
    fn tokens(&self) -> &TokenStream {
        &self.tokens
    }

    fn may_be_generic(&self) -> bool {
        false
    }

    fn value(&self, span: Span, cx: &EmitContext<'_>, _: &mut Entry) -> TokenStream {
        let at = mixed(span);
        let ty = cx.private("OnOutage", span);
        let variant = match self.word {
            "open" => "Open",
            "closed" => "Closed",
            _ => "Local",
        };
        let variant = Ident::new(variant, at);
        quote_spanned!(at=> #ty::#variant)
    }
}
