//! The code of `#[timeout]`: a combinator over the future inside it.

use quote::quote_spanned;

use super::options::Timeout;
use crate::emit::{EmitContext, Emitted, Entry, Inner, not_zero};
use crate::parse::DurationValue;
use crate::tokens::{first_span, mixed};

impl Timeout {
    pub(super) fn wrap(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted {
        let at = mixed(self.span);
        let mut entry = Entry::default();
        // A limit around this one is polled together with it, and may fire in its place.
        let enclosed = cx.above().iter().any(|layer| layer.bound.is_some());
        let name = if enclosed {
            "enclosed_timeout"
        } else {
            "timeout"
        };
        let (timeout, site) = (cx.private(name, self.span), EmitContext::site(self.span));
        // A circuit inside has to know that this timeout dropped it, and the event of the timeout has the
        // number of the call.
        let call_state = cx.call_state(self.span);
        let body = cx.future(inner, self.span);
        let inner = match &self.limit {
            DurationValue::Const(limit) => {
                let limit = cx.constant(limit, &not_zero("timeout"), &mut entry);
                let limit = quote_spanned!(at=> const { #limit });
                Inner::Future(quote_spanned!(at=> #timeout(#site, #limit, #call_state, #body)))
            }
            DurationValue::Runtime(limit) => {
                let limit = cx.with_self(limit);
                let typed = mixed(first_span(&limit));
                let binding =
                    quote_spanned!(typed=> let __resil_limit: ::core::time::Duration = #limit;);
                let bounded = Inner::Future(
                    quote_spanned!(at=> #timeout(#site, __resil_limit, #call_state, #body)),
                );
                let value = cx.value(bounded, self.span);
                Inner::Value(quote_spanned!(at=> {
                    #binding
                    #value
                }))
            }
        };
        Emitted { entry, inner }
    }
}
