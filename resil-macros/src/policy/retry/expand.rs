//! The code of `#[retry]`: a loop around the code inside it. The outcome lives in a block that ends
//! before the sleep, so that an error that is not `Send` does not make the future not `Send`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use syn::LitStr;

use super::budget::Budget;
use super::options::{Jitter, Max, Retry, Strategy};
use crate::emit::{
    ConstBound, ConstType, EmitContext, Emitted, Entry, Inner, any_count, any_duration, count,
    not_zero, option, ratio,
};
use crate::features;
use crate::tokens::{first_span, mixed};

impl Retry {
    pub(super) fn wrap(&self, inner: Inner, cx: &EmitContext<'_>) -> Emitted {
        let mut entry = Entry::default();
        let at = mixed(self.span);
        let retry = cx.private("Retry", self.span);
        let (policy, is_default) = self.policy(cx, &mut entry);
        self.judge(&policy, cx, &mut entry);
        entry.push(self.site(cx));
        let (began, constants) = self.constants(&policy, is_default, cx, &mut entry);
        let clones = cx.clone_statements();
        let (backoff, delay) = self.delay_closure(cx).unzip();
        let ask = self.ask(cx);
        let keeping = self.keeping(cx);
        let alone = match &inner {
            _ if !cx.stack.is_one_layer() || self.on_ok.is_some() || delay.is_some() => None,
            // The outcome is to be kept, and only an outcome of a layer can be.
            _ if keeping.keeps => None,
            Inner::Mapped {
                future,
                is_body: true,
                ..
            } => Some(quote_spanned!(at=> #future.await)),
            Inner::Called {
                call,
                is_body: true,
                ..
            } => Some(call.clone()),
            _ => None,
        };
        let is_alone = alone.is_some();
        let value = alone.unwrap_or_else(|| cx.value(inner, self.span));
        let has_patterns = self.on.is_some() || self.unless.is_some() || self.retry_after.is_some();
        let expose_error = (has_patterns && !is_alone).then(|| cx.expose_error(self.span));
        let again = if is_alone {
            self.again_alone(&constants, &ask, cx)
        } else {
            self.again(&constants, &ask, delay, &keeping, cx)
        };
        let flow = quote!(::core::ops::ControlFlow);
        let number = self
            .attempt
            .as_ref()
            .map(|_| quote_spanned!(at=> let __resil_attempt = (&__resil_retry).attempt();));
        let (kept, keep) = (&keeping.variable, &keeping.how);
        let begin = quote_spanned! {at=>
            let mut __resil_retry = #retry::new();
            #kept
            #began
            #backoff
        };
        let tokens = if self.runs_again() {
            let pause = self.pause(&keeping, cx);
            quote_spanned! {at=> {
                #begin
                loop {
                    {
                        #number
                        #clones
                        let __resil_r = #value;
                        #expose_error
                        #keep
                        if let #flow::Break(__resil_r) = (&mut __resil_retry).#again {
                            break __resil_r;
                        }
                    }
                    #pause
                }
            }}
        } else {
            // No loop, so that the body may move its arguments.
            quote_spanned! {at=> {
                #begin
                #number
                #clones
                let __resil_r = #value;
                #expose_error
                match (&mut __resil_retry).#again {
                    #flow::Break(__resil_r) => __resil_r,
                    #flow::Continue(()) => ::core::unreachable!(),
                }
            }}
        };
        let inner = if is_alone {
            Inner::Returned(tokens)
        } else {
            Inner::Value(tokens)
        };
        Emitted { entry, inner }
    }

    /// Writes the variable for the beginning of the call, if the policy may bound the whole time, and
    /// what all steps of the retry have to be told.
    fn constants(
        &self,
        policy: &TokenStream,
        is_default: bool,
        cx: &EmitContext<'_>,
        entry: &mut Entry,
    ) -> (Option<TokenStream>, TokenStream) {
        let at = mixed(self.span);
        let policy = if features::controls() {
            let (budget, again) = (option(self.budget_name(), at), self.runs_again());
            let backoff = self.backoff.is_some();
            let fields = quote_spanned! {at=>
                policy: #policy, budget: #budget, again: #again, backoff: #backoff
            };
            cx.describe("Retry", &fields, self.span, entry);
            cx.in_force("retry", self.span, None)
        } else if is_default {
            cx.private("DEFAULT_RETRY", self.span).into_token_stream()
        } else {
            quote_spanned!(at=> const { &#policy })
        };
        // What a `RetryPolicy` of the user's says is not known here, nor what is set from outside.
        if self.within.is_none() && self.policy.is_none() && !features::controls() {
            return (None, quote_spanned!(at=> (&__RESIL_RETRY, #policy, 0)));
        }
        let began = cx.private("began", self.span);
        (
            Some(quote_spanned!(at=> let __resil_began = #began(#policy);)),
            quote_spanned!(at=> (&__RESIL_RETRY, #policy, __resil_began)),
        )
    }

    /// Writes the closure that answers questions about an error.
    fn ask(&self, cx: &EmitContext<'_>) -> TokenStream {
        let at = mixed(self.span);
        let names = ["Ask", "Answer", "Probe", "ErrorTextProbe"];
        let [ask, answer, probe, text] = names.map(|name| cx.private(name, self.span));
        let records = cx.below().iter().any(|layer| layer.records_errors);
        let verdict = self.verdict(records, cx);
        let retry_after = self.retry_after_answer(cx);
        let verdict = verdict.map(|v| quote_spanned!(at=> #ask::Verdict => #answer::Verdict(#v),));
        let retry_after =
            retry_after.map(|r| quote_spanned!(at=> #ask::RetryAfter => #answer::RetryAfter(#r),));
        let rest = (verdict.is_none() || retry_after.is_none())
            .then(|| quote_spanned!(at=> _ => #answer::Default,));
        quote_spanned! {at=> |__resil_e: &_, __resil_ask| match __resil_ask {
            #verdict
            #ask::Class => #answer::Class(#probe::new(__resil_e).__resil_class(__resil_e)),
            #retry_after
            #ask::Text => #answer::Text(#text::new(__resil_e).__resil_shown(__resil_e)),
            #rest
        }}
    }

    /// Returns the name of the budget, if it has one.
    fn budget_name(&self) -> Option<&LitStr> {
        match &self.budget {
            Some(Budget::Named(name)) => Some(name),
            Some(Budget::Own { name, .. }) => name.as_ref(),
            None | Some(Budget::Off) => None,
        }
    }

    /// Writes the static state of the site: its budget.
    fn site(&self, cx: &EmitContext<'_>) -> TokenStream {
        let at = mixed(self.span);
        let ty = cx.private("RetrySite", self.span);
        let name = option(self.budget_name(), at);
        quote_spanned! {at=>
            static __RESIL_RETRY: #ty = #ty::new(&__RESIL_SITE, #name);
        }
    }

    /// Has the compiler judge the delays and the budget. A back-off of the user's has delays that nobody
    /// knows, and a named budget may have its numbers elsewhere.
    fn judge(&self, policy: &TokenStream, cx: &EmitContext<'_>, entry: &mut Entry) {
        if self.backoff.is_some() {
            return;
        }
        let at = mixed(self.span);
        let elsewhere = matches!(self.budget, Some(Budget::Named(_)))
            .then(|| quote_spanned!(at=> .no_budget()));
        let span = match &self.max {
            Some(Max::Count(max)) => first_span(max.tokens()),
            _ => self.span,
        };
        cx.judge(
            "Retry",
            &quote_spanned!(at=> #policy #elsewhere),
            span,
            entry,
        );
    }

    /// Writes the builder calls for the options that are given, and whether there are none.
    fn policy(&self, cx: &EmitContext<'_>, entry: &mut Entry) -> (TokenStream, bool) {
        let at = mixed(self.span);
        let policy = cx.private("RetryPolicy", self.span);
        let mut calls = TokenStream::new();
        if let Some(strategy) = self.strategy_value(cx, entry) {
            calls.extend(quote_spanned!(at=> .strategy(#strategy)));
        }
        match &self.max {
            None => {}
            Some(Max::Unlimited(span)) => {
                calls.extend(quote_spanned!(mixed(*span)=> .unlimited()));
            }
            Some(Max::Count(max)) => {
                let max = cx.constant(
                    max,
                    &count(
                        "max",
                        1,
                        u32::MAX,
                        "at least 1: it counts the first run too",
                    ),
                    entry,
                );
                calls.extend(quote_spanned!(at=> .max(#max)));
            }
        }
        if let Some(base) = &self.base {
            let base = cx.constant(base, &not_zero("base"), entry);
            calls.extend(quote_spanned!(at=> .base(#base)));
        }
        if let Some(factor) = &self.factor {
            let bound = ConstBound {
                option: "factor",
                ty: ConstType::Number,
                holds: quote_spanned!(at=> __resil_v >= 1.0),
                must: "at least 1",
            };
            let factor = cx.constant(factor, &bound, entry);
            calls.extend(quote_spanned!(at=> .factor(#factor)));
        }
        if let Some(cap) = &self.cap {
            let cap = cx.constant(cap, &not_zero("cap"), entry);
            calls.extend(quote_spanned!(at=> .cap(#cap)));
        }
        if let Some(jitter) = &self.jitter {
            let jitter = jitter_value(jitter, self.span, cx, entry);
            calls.extend(quote_spanned!(at=> .jitter(#jitter)));
        }
        if let Some(within) = &self.within {
            let within = cx.constant(within, &not_zero("within"), entry);
            calls.extend(quote_spanned!(at=> .within(#within)));
        }
        match &self.budget {
            // A named budget applies even if the user's `RetryPolicy` has none.
            Some(Budget::Named(_)) if self.policy.is_some() => {
                calls.extend(quote_spanned!(at=> .with_budget()));
            }
            None | Some(Budget::Named(_)) => {}
            Some(Budget::Off) => calls.extend(quote_spanned!(at=> .no_budget())),
            Some(Budget::Own {
                capacity,
                cost,
                refill,
                ..
            }) => {
                let budget = cx.private("BudgetPolicy", self.span);
                let capacity = capacity.as_ref().map_or_else(
                    || quote_spanned!(at=> 500),
                    |c| cx.constant(c, &count("capacity", 1, u32::MAX, "at least 1"), entry),
                );
                let cost = cost.as_ref().map_or_else(
                    || quote_spanned!(at=> 5),
                    |c| cx.constant(c, &count("cost", 1, u32::MAX, "at least 1"), entry),
                );
                let refill = refill.as_ref().map(|c| {
                    let refill = cx.constant(c, &any_count("refill"), entry);
                    quote_spanned!(at=> .refill(#refill))
                });
                calls.extend(quote_spanned!(at=> .budget(#budget::new(#capacity, #cost) #refill)));
            }
        }
        if self.nested_outer {
            calls.extend(quote_spanned!(at=> .nested_outer()));
        }
        let base = self.policy.as_ref().map_or_else(
            || quote_spanned!(at=> #policy::new()),
            |base| cx.base_policy(base, &policy, "retry", entry),
        );
        let is_default = self.policy.is_none() && calls.is_empty();
        (quote_spanned!(at=> #base #calls), is_default)
    }

    fn strategy_value(&self, cx: &EmitContext<'_>, entry: &mut Entry) -> Option<TokenStream> {
        let at = mixed(self.span);
        let strategy = cx.private("Strategy", self.span);
        if let Some(delays) = &self.delays {
            let delays = delays.iter().enumerate().map(|(i, d)| {
                // Each delay may need a const item of its own.
                const NAMES: [&str; 8] = [
                    "delays_0", "delays_1", "delays_2", "delays_3", "delays_4", "delays_5",
                    "delays_6", "delays_7",
                ];
                match NAMES.get(i) {
                    Some(name) => cx.constant(d, &any_duration(name), entry),
                    None => cx.inline_constant(d, &any_duration("delays")),
                }
            });
            return Some(quote_spanned!(at=> #strategy::Delays(const { &[#(#delays),*] })));
        }
        match self.strategy {
            // The default strategy, but perhaps not the one of the user's `RetryPolicy`.
            Strategy::Exponential if self.policy.is_some() && self.written.strategy.is_some() => {
                Some(quote_spanned!(at=> #strategy::Exponential))
            }
            Strategy::Exponential => None,
            Strategy::Constant => Some(quote_spanned!(at=> #strategy::Constant)),
            Strategy::Linear => Some(quote_spanned!(at=> #strategy::Linear)),
            Strategy::Fibonacci => Some(quote_spanned!(at=> #strategy::Fibonacci)),
        }
    }

    /// Writes the verdict of `unless` and `on`, if there is one to give. `unless` takes precedence; if
    /// `on` is given, only the errors that it names are retried. Without `on`, an error that a layer below
    /// has recorded is final: another attempt would only replay it.
    fn verdict(&self, records: bool, cx: &EmitContext<'_>) -> Option<TokenStream> {
        let at = mixed(self.span);
        let ty = cx.private("RetryVerdict", self.span);
        let some = quote!(::core::option::Option::Some);
        let unless = self.unless.as_ref().map(|p| {
            let hit = cx.matches(p, &quote!(__resil_e));
            quote_spanned!(at=> if #hit { #some(#ty::Final) } else)
        });
        let undecided = records.then(|| {
            let call = cx.call(self.span);
            let recorded = cx.private("recorded_is_final", self.span);
            quote_spanned!(at=> #recorded(#call))
        });
        if unless.is_none() && self.on.is_none() {
            return undecided;
        }
        let undecided =
            undecided.unwrap_or_else(|| quote_spanned!(at=> ::core::option::Option::None));
        let rest = self.on.as_ref().map_or(undecided, |p| {
            let hit = cx.matches(p, &quote!(__resil_e));
            quote_spanned!(at=> if #hit { #some(#ty::Retry) } else { #some(#ty::Final) })
        });
        Some(quote_spanned!(at=> { #unless { #rest } }))
    }

    /// Writes the variable for a back-off of the user's, and a closure that asks it for the next delay.
    fn delay_closure(&self, cx: &EmitContext<'_>) -> Option<(TokenStream, TokenStream)> {
        let own = cx.with_self(self.backoff.as_ref()?);
        let at = mixed(first_span(&own));
        let plan = cx.private("ask_backoff", first_span(&own));
        let plan = quote_spanned!(at=> #plan(&mut __resil_backoff, || #own, __resil_n, __resil_d));
        let plan = cx.asking(plan, self.span);
        let at = mixed(self.span);
        Some((
            quote_spanned!(at=> let mut __resil_backoff = ::core::option::Option::None;),
            quote_spanned!(at=> |__resil_n, __resil_d| #plan),
        ))
    }

    /// Writes for how long the failed side asks to be left alone, if the user says how to find out.
    fn retry_after_answer(&self, cx: &EmitContext<'_>) -> Option<TokenStream> {
        let f = self.retry_after.as_ref()?;
        let at = mixed(self.span);
        let (ask, f) = (cx.private("ask_retry_after", self.span), cx.with_self(f));
        Some(cx.asking(quote_spanned!(at=> #ask(__resil_e, #f)), self.span))
    }
}

fn jitter_value(
    jitter: &Jitter,
    span: Span,
    cx: &EmitContext<'_>,
    entry: &mut Entry,
) -> TokenStream {
    let at = mixed(span);
    let ty = cx.private("Jitter", span);
    match jitter {
        Jitter::Full => quote_spanned!(at=> #ty::Full),
        Jitter::Equal => quote_spanned!(at=> #ty::Equal),
        Jitter::Decorrelated => quote_spanned!(at=> #ty::Decorrelated),
        Jitter::None => quote_spanned!(at=> #ty::None),
        Jitter::Ratio(r) => {
            let r = cx.constant(r, &ratio("jitter"), entry);
            quote_spanned!(at=> #ty::Ratio(#r))
        }
    }
}
