//! A combinator over what is inside.

use quote::quote_spanned;

use super::Timeout;
use crate::expand::constant::not_zero;
use crate::expand::{EmitContext, Inner};
use crate::parse::DurationValue;
use crate::policy::Layer;
use crate::tokens::{first_span, mixed};

impl Timeout {
    pub(crate) fn expand(&self, inner: Inner, above: &[Layer], cx: &EmitContext<'_>) -> Inner {
        let at = mixed(self.span);
        // One that is polled with this one may fire for it.
        let enclosed = above.iter().any(|l| matches!(l, Layer::Timeout(_)));
        let name = if enclosed {
            "enclosed_timeout"
        } else {
            "timeout"
        };
        let (timeout, site) = (cx.private(name, self.span), EmitContext::site(self.span));
        // A circuit inside has to know that it was this timeout that dropped it; and the event of it
        // bears the number of the call.
        let mark = cx.mark_option(self.span);
        let body = inner.future(cx, self.span);
        match &self.limit {
            None => Inner::Future(body),
            Some(DurationValue::Const(limit)) => {
                let limit = cx.constant(limit, &not_zero("timeout"));
                Inner::Future(quote_spanned!(at=> #timeout(#site, const { #limit }, #mark, #body)))
            }
            Some(DurationValue::Runtime(limit)) => {
                let limit = cx.this(limit);
                let typed = mixed(first_span(&limit));
                let binding =
                    quote_spanned!(typed=> let __resil_limit: ::core::time::Duration = #limit;);
                let bounded = quote_spanned!(at=> #timeout(#site, __resil_limit, #mark, #body));
                let value = cx.value(Inner::Future(bounded), above, self.span);
                Inner::Value(quote_spanned!(at=> {
                    #binding
                    #value
                }))
            }
        }
    }
}
