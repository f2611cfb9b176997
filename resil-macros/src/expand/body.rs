//! The block that a group of layers wraps, as the innermost future.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use crate::emit::{EmitContext, Inner, clone_of, underscored};
use crate::features;
use crate::input::{Binding, split_inner_attributes};
use crate::policy::Policy;
use crate::splice::BodySite;
use crate::tokens::{first_span, mixed};

/// Writes the block at `site` as a future of its value, or as a call in a function that is not async,
/// with the code that the `policies` of the group put around it, and how its value becomes an outcome.
pub(super) fn innermost(
    policies: &[Box<dyn Policy>],
    site: &BodySite,
    cx: &EmitContext<'_>,
) -> Inner {
    let span = first_span(&site.body);
    let at = mixed(span);
    let is_innermost = cx.is_innermost_group();
    let mut body = block(site, cx);
    if features::injects() && is_innermost {
        body = injected(&body, span, cx);
    }
    if is_innermost {
        body = cx.as_caller(body, span);
    }
    for policy in policies {
        body = policy.wrap_body(body, span, cx);
    }
    if cx.stack.watches_attempts() && is_innermost {
        let call = cx.call(span);
        body = if cx.stack.is_async {
            let watch = cx.private("watch", span);
            quote_spanned!(at=> #watch(#body, #call))
        } else {
            let watch = cx.private("watch_run", span);
            let body = EmitContext::calling(&body, span);
            quote_spanned!(at=> #watch(#body, #call))
        };
    }
    if features::traces() {
        body = in_its_span(&body, is_innermost, cx, span);
    }
    // The span of an attempt brings the rest of what is seen of it.
    if features::observes() && is_innermost && !features::traces() {
        let seen = cx.seen(span);
        body = if cx.stack.is_async {
            let attempt = cx.private("seen_attempt", span);
            quote_spanned!(at=> #attempt(#seen, #body))
        } else {
            let attempt = cx.private("seen_run", span);
            let body = EmitContext::calling(&body, span);
            quote_spanned!(at=> #attempt(#seen, #body))
        };
    }
    let conversions = cx.conversions();
    let outcome = if is_innermost {
        let wrap = cx.private("wrap_body", span);
        quote_spanned!(at=> #wrap(__resil_r, #conversions))
    } else {
        // If a layer below the `#[instrument]` refused, its refusal has passed the `#[instrument]`
        // as an `E`.
        let wrap = cx.private("wrap_carried_body", span);
        quote_spanned!(at=> #wrap(__resil_r, #conversions, __resil_carry))
    };
    let is_body = true;
    if cx.stack.is_async {
        Inner::Mapped {
            future: body,
            outcome,
            is_body,
        }
    } else {
        Inner::Called {
            call: body,
            outcome,
            is_body,
        }
    }
}

/// Writes `body` inside the span of its attempt; if it is what an `#[instrument]` between the layers has
/// made, inside the span of the call.
fn in_its_span(
    body: &TokenStream,
    is_attempt: bool,
    cx: &EmitContext<'_>,
    span: Span,
) -> TokenStream {
    let at = mixed(span);
    let (attempt, code) = if cx.stack.is_async {
        ("traced_attempt", "traced_code")
    } else {
        ("traced_run", "traced_code_run")
    };
    let body = if cx.stack.is_async {
        body.clone()
    } else {
        EmitContext::calling(body, span)
    };
    let seen = cx.seen(span);
    if !is_attempt {
        let traced = cx.private(code, span);
        return quote_spanned!(at=> #traced(#seen, #body));
    }
    let (traced, look) = (cx.private(attempt, span), cx.private("look", span));
    let conversions = cx.conversions();
    quote_spanned!(at=> #traced(#seen, #body, |__resil_r| #look(__resil_r, #conversions)))
}

/// Puts the faults that are injected around the body, below all layers.
fn injected(body: &TokenStream, span: Span, cx: &EmitContext<'_>) -> TokenStream {
    let at = mixed(span);
    let (conversions, call) = (cx.conversions(), cx.call_state(span));
    let caller = quote_spanned!(at=> (__resil_control, &__RESIL_SITE, #call));
    if cx.stack.is_async {
        let injected = cx.private("injected", span);
        quote_spanned!(at=> #injected(#caller, #conversions, #body))
    } else {
        let injected = cx.private("injected_run", span);
        let body = EmitContext::calling(body, span);
        quote_spanned!(at=> #injected(#caller, #conversions, #body))
    }
}

/// Writes the user's block as an `async` block, or as a closure that is called at once.
fn block(site: &BodySite, cx: &EmitContext<'_>) -> TokenStream {
    let span = first_span(&site.body);
    let (_, body) = split_inner_attributes(site.body.clone());
    let clones = cx.group_clones();
    let ret = &cx.ret;
    // A `return` of the declared type pins `?` and inference to that type; it is never executed.
    let ret_span = ret.first_span();
    let never = cx.private("never", ret_span);
    let dead_return = quote_spanned! {mixed(ret_span)=>
        if false {
            return #never::<#ret>();
        }
    };
    let (rebind_self, rebind) = (rebind_self(site, cx), rebind(&clones, cx));
    // With the user's own braces: their edition decides when the value's temporaries are dropped.
    // The body is not alone in them, or rustc would call the braces superfluous.
    let mut block = Group::new(Delimiter::Brace, quote!(#dead_return #body));
    block.set_span(site.braces);
    let block = if clones.is_empty() {
        block.to_token_stream()
    } else {
        // As arguments of a function do, the clones outlive the temporaries in each edition.
        quote_spanned!(mixed(span)=> match () { () => #block })
    };
    // If the body moves an argument, rustc reports this block as an error of the attribute that it
    // stems from: the name of the private attribute says what to write.
    let capture = cx.capture(span);
    let own = Span::mixed_site().located_at(span);
    if cx.stack.is_async {
        quote_spanned!(own=> async #capture { #rebind_self #rebind #block })
    } else {
        let run = cx.private("run", span);
        quote_spanned!(own=> #run(#capture || { #rebind_self #rebind #block }))
    }
}

/// Reborrows `self` for each attempt, where `async_trait` has made it a variable of type `&mut Self`.
fn rebind_self(site: &BodySite, cx: &EmitContext<'_>) -> Option<TokenStream> {
    let this = site.self_ident.as_ref()?;
    let reborrow = cx.stack.runs_again() && cx.stack.input.receiver_is_unique();
    reborrow.then(|| quote_spanned!(mixed(this.span())=> let #this = &mut *#this;))
}

/// Writes the names that each attempt has of its own: its number, clones of arguments, and
/// reborrows of `&mut` arguments.
fn rebind(clones: &[Ident], cx: &EmitContext<'_>) -> TokenStream {
    let mut out = TokenStream::new();
    let mut attempts = cx.group_facts().iter();
    if let Some(name) = attempts.find_map(|layer| layer.attempt.as_ref()) {
        // The user's own token, so that the body can name it, and lints point at it.
        let at = mixed(name.span());
        let silent = underscored(name, at);
        out.extend(
            quote_spanned!(at=> #silent let #name: ::core::primitive::u32 = __resil_attempt;),
        );
    }
    let runs_again = cx.stack.runs_again();
    if !runs_again && clones.is_empty() {
        return out;
    }
    for Binding {
        ident,
        mutable,
        unique_reference,
        cfgs,
    } in cx.stack.bindings
    {
        let at = mixed(ident.span());
        // To hide the argument is the purpose, and clippy has lints against it.
        let silent = underscored(ident, at)
            .into_iter()
            .chain([quote_spanned!(at=> #[allow(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)])]);
        let silent: TokenStream = silent.collect();
        if clones.contains(ident) {
            let local = clone_of(ident);
            let mutable = mutable.map(|span| quote_spanned!(span=> mut));
            out.extend(quote_spanned!(at=> #(#cfgs)* #silent let #mutable #ident = #local;));
        } else if *unique_reference && runs_again {
            out.extend(quote_spanned!(at=> #(#cfgs)* #silent let #ident = &mut *#ident;));
        }
    }
    out
}
