//! The code around the pause of `#[retry]`: the step after an attempt, the wait, and what is kept of the
//! attempt meanwhile.
//!
//! With the feature `cancel` a pause can be ended from outside. Then the call returns the outcome of its last
//! attempt, which is kept during the pause if its type allows it: the runtime's `retry/kept.rs` says how.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::options::Retry;
use crate::emit::EmitContext;
use crate::features;
use crate::tokens::mixed;

/// What is kept of the last attempt during a pause: all of it is empty if no pause can be ended.
#[derive(Default)]
pub(super) struct Keeping {
    pub(super) keeps: bool,
    /// The variable for it.
    pub(super) variable: TokenStream,
    /// The statement that finds out how an outcome is kept: by the type of the error.
    pub(super) how: TokenStream,
    /// The argument of the step after an attempt.
    argument: TokenStream,
    /// The end of the name of that step.
    suffix: &'static str,
}

impl Retry {
    pub(super) fn keeping(&self, cx: &EmitContext<'_>) -> Keeping {
        if !features::ends_waits() || !self.runs_again() {
            return Keeping::default();
        }
        let at = mixed(self.span);
        let kept = cx.private("Kept", self.span);
        let keeping = cx.private("Keeping", self.span);
        let of = if self.on_ok.is_some() {
            quote_spanned!(at=> all)
        } else {
            quote_spanned!(at=> failure)
        };
        Keeping {
            keeps: true,
            variable: quote_spanned!(at=> let mut __resil_kept = #kept::new();),
            how: quote_spanned!(at=> let __resil_keep = #keeping::#of(&__resil_r).__resil_keep();),
            argument: quote_spanned!(at=> , (__resil_keep, &mut __resil_kept)),
            suffix: "_keeping",
        }
    }

    /// Writes the call of the step after an attempt.
    pub(super) fn again(
        &self,
        constants: &TokenStream,
        ask: &TokenStream,
        delay: Option<TokenStream>,
        keeping: &Keeping,
        cx: &EmitContext<'_>,
    ) -> TokenStream {
        let at = mixed(self.span);
        let (call, keep) = (cx.call_state(self.span), &keeping.argument);
        let again = format!("again{}", keeping.suffix);
        if self.on_ok.is_none() && delay.is_none() {
            let again = Ident::new(&again, at);
            return quote_spanned!(at=> #again(#constants, #call, __resil_r, #ask #keep));
        }
        let again = Ident::new(&format!("{again}_by"), at);
        let on_ok = cx.on_value(self.on_ok.as_ref(), self.span);
        let delay = delay.unwrap_or_else(|| cx.private("by_policy", self.span).into_token_stream());
        quote_spanned!(at=> #again(#constants, #call, __resil_r, #on_ok, #ask, #delay #keep))
    }

    /// Writes the call of the step after an attempt in a stack that is this retry alone.
    pub(super) fn again_alone(
        &self,
        constants: &TokenStream,
        ask: &TokenStream,
        cx: &EmitContext<'_>,
    ) -> TokenStream {
        let at = mixed(self.span);
        let (conversions, call) = (cx.conversions(), cx.call(self.span));
        let out = quote_spanned!(at=> (__resil_r, #conversions));
        if features::observes() {
            quote_spanned!(at=> again_seen(#constants, #call, #out, #ask))
        } else {
            quote_spanned!(at=> again_alone(#constants, #out, #ask))
        }
    }

    /// Writes the wait before the next attempt.
    pub(super) fn pause(&self, keeping: &Keeping, cx: &EmitContext<'_>) -> TokenStream {
        let at = mixed(self.span);
        let mut pause = quote_spanned!(at=> (&mut __resil_retry).pause());
        let mut sleep = quote_spanned!(at=> (&mut __resil_retry).sleep());
        if keeping.keeps {
            let call = cx.call_state(self.span);
            let arguments = quote_spanned!(at=> (&mut __resil_kept, #call));
            pause = quote_spanned!(at=> (&mut __resil_retry).pause_keeping #arguments);
            sleep = quote_spanned!(at=> (&mut __resil_retry).sleep_keeping #arguments);
        }
        // The delays are not part of the call that a permit around this layer is for.
        if cx.leaves_out_pauses() {
            pause = quote_spanned!(at=> (&__resil_permit).leaving_out(#pause));
            sleep = quote_spanned!(at=> (&__resil_permit).leaving_out_run(|| #sleep));
        }
        let pause = cx.awaits(&pause, &sleep, self.span);
        if keeping.keeps {
            let some = quote!(::core::option::Option::Some);
            quote_spanned!(at=> if let #some(__resil_r) = #pause { break __resil_r; })
        } else {
            quote_spanned!(at=> #pause;)
        }
    }
}
