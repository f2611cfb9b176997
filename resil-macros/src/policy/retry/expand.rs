//! A loop around what is inside; the outcome lives in a block that ends before the sleep, so that
//! an error that is not `Send` does not make the future so.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::{Budget, Jitter, Max, Retry, Strategy};
use crate::expand::constant::{Bound, Ty, any_count, any_duration, count, not_zero, ratio};
use crate::expand::{Cx, Inner, mixed, option};
use crate::input::first_span;
use crate::policy::Layer;

impl Retry {
    /// Whether the body may run more than once: not with a literal `max = 1`.
    pub(crate) fn runs_again(&self) -> bool {
        !matches!(&self.max, Some(Max::Count(c)) if c.literal() == Some(&1))
    }

    pub(crate) fn expand(
        &self,
        inner: Inner,
        above: &[Layer],
        below: &[Layer],
        cx: &Cx<'_>,
    ) -> Inner {
        let at = mixed(self.span);
        let retry = cx.private("Retry", self.span);
        let policy = self.policy(cx);
        self.site(cx);
        let site = match &self.budget {
            Some(Budget::Off | Budget::Named(_)) => quote_spanned!(at=> &__RESIL_RETRY),
            None | Some(Budget::Own { .. }) => {
                let types = cx.types(self.span);
                quote_spanned!(at=> (&__RESIL_RETRY).of(#types))
            }
        };
        let clones = cx.clone_statements();
        let value = cx.value(inner, above, self.span);
        let look = (self.on.is_some() || self.unless.is_some() || self.retry_after.is_some())
            .then(|| cx.look(self.span));
        let on_ok = cx.on_value(self.on_ok.as_ref(), self.span);
        let records = below.iter().any(Layer::records_errors);
        let verdict = self.verdict(records, cx);
        let class = cx.class(self.span);
        let shown = cx.shown(self.span);
        let asked = self.asked(cx);
        let (backoff, plan) = self.plan(cx);
        let mark = cx.mark_option(self.span);
        let again = quote_spanned! {at=>
            (&mut __resil_retry).again(
                &__resil_r, #mark, #on_ok, #verdict, #class, #shown, #asked, #plan
            )
        };
        let number = self
            .attempt
            .as_ref()
            .map(|_| quote_spanned!(at=> let __resil_attempt = (&__resil_retry).attempt();));
        if !self.runs_again() {
            // No loop, so that the body may move its arguments.
            return Inner::Value(quote_spanned! {at=> {
                let mut __resil_retry = #retry::begin(#site, const { &#policy });
                #backoff
                #number
                #clones
                let __resil_r = #value;
                #look
                #again;
                __resil_r
            }});
        }
        // A circuit around it is not told of the time that is spent waiting.
        let pause = if above.iter().any(|l| matches!(l, Layer::Circuit(_))) {
            quote_spanned!(at=> __resil_under.leaving_out((&__resil_retry).pause()))
        } else {
            quote_spanned!(at=> (&__resil_retry).pause())
        };
        Inner::Value(quote_spanned! {at=> {
            let mut __resil_retry = #retry::begin(#site, const { &#policy });
            #backoff
            loop {
                {
                    #number
                    #clones
                    let __resil_r = #value;
                    #look
                    if !#again {
                        break __resil_r;
                    }
                }
                #pause.await;
            }
        }})
    }

    /// The static state of the site: its budget.
    fn site(&self, cx: &Cx<'_>) {
        let at = mixed(self.span);
        let ty = cx.private("RetrySite", self.span);
        let name = match &self.budget {
            Some(Budget::Named(name)) => Some(name),
            Some(Budget::Own { name, .. }) => name.as_ref(),
            None | Some(Budget::Off) => None,
        };
        let name = option(name, at);
        cx.on_entry(&quote_spanned! {at=>
            static __RESIL_RETRY: #ty = #ty::new(&__RESIL_SITE, #name);
        });
    }

    /// The builder calls for what is written.
    fn policy(&self, cx: &Cx<'_>) -> TokenStream {
        let at = mixed(self.span);
        let policy = cx.private("RetryPolicy", self.span);
        let mut calls = TokenStream::new();
        if let Some(strategy) = self.strategy_value(cx) {
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
                );
                calls.extend(quote_spanned!(at=> .max(#max)));
            }
        }
        if let Some(base) = &self.base {
            let base = cx.constant(base, &not_zero("base"));
            calls.extend(quote_spanned!(at=> .base(#base)));
        }
        if let Some(factor) = &self.factor {
            let bound = Bound {
                option: "factor",
                ty: Ty::Number,
                holds: quote_spanned!(at=> __resil_v >= 1.0),
                must: "at least 1",
            };
            let factor = cx.constant(factor, &bound);
            calls.extend(quote_spanned!(at=> .factor(#factor)));
        }
        if let Some(cap) = &self.cap {
            let cap = cx.constant(cap, &not_zero("cap"));
            calls.extend(quote_spanned!(at=> .cap(#cap)));
        }
        if let Some(jitter) = &self.jitter {
            let jitter = jitter_value(jitter, cx, self.span);
            calls.extend(quote_spanned!(at=> .jitter(#jitter)));
        }
        if let Some(within) = &self.within {
            let within = cx.constant(within, &not_zero("within"));
            calls.extend(quote_spanned!(at=> .within(#within)));
        }
        match &self.budget {
            // A base without a budget has one again.
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
                    |c| cx.constant(c, &count("capacity", 1, u32::MAX, "at least 1")),
                );
                let cost = cost.as_ref().map_or_else(
                    || quote_spanned!(at=> 5),
                    |c| cx.constant(c, &count("cost", 1, u32::MAX, "at least 1")),
                );
                let refill = refill.as_ref().map(|c| {
                    let refill = cx.constant(c, &any_count("refill"));
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
            |base| cx.base_policy(base, &policy, "retry"),
        );
        quote_spanned!(at=> #base #calls)
    }

    fn strategy_value(&self, cx: &Cx<'_>) -> Option<TokenStream> {
        let at = mixed(self.span);
        let strategy = cx.private("Strategy", self.span);
        if let Some(delays) = &self.delays {
            let delays = delays.iter().enumerate().map(|(i, d)| {
                // Each a const item of its own, where it needs one.
                const NAMES: [&str; 8] = [
                    "delays_0", "delays_1", "delays_2", "delays_3", "delays_4", "delays_5",
                    "delays_6", "delays_7",
                ];
                match NAMES.get(i) {
                    Some(name) => cx.constant(d, &any_duration(name)),
                    None => cx.inline_constant(d, &any_duration("delays")),
                }
            });
            return Some(quote_spanned!(at=> #strategy::Delays(const { &[#(#delays),*] })));
        }
        match self.strategy {
            // The default, but perhaps not that of the policy to start from.
            Strategy::Exponential if self.policy.is_some() && self.written.strategy.is_some() => {
                Some(quote_spanned!(at=> #strategy::Exponential))
            }
            Strategy::Exponential => None,
            Strategy::Constant => Some(quote_spanned!(at=> #strategy::Constant)),
            Strategy::Linear => Some(quote_spanned!(at=> #strategy::Linear)),
            Strategy::Fibonacci => Some(quote_spanned!(at=> #strategy::Fibonacci)),
        }
    }

    /// What `unless` and `on` say of an error: `unless` wins, `on` decides alone. Where a layer below
    /// `records` errors and there is no `on`, one that is on record is final: another attempt would
    /// only replay it.
    fn verdict(&self, records: bool, cx: &Cx<'_>) -> TokenStream {
        let at = mixed(self.span);
        let ty = cx.private("RetryVerdict", self.span);
        let some = quote!(::core::option::Option::Some);
        let unless = self.unless.as_ref().map(|p| {
            let hit = cx.matches(p, &quote!(__resil_e));
            quote_spanned!(at=> if #hit { #some(#ty::Final) } else)
        });
        let undecided = if records {
            let recorded = cx.private("recorded_is_final", self.span);
            quote_spanned!(at=> #recorded(__resil_mark))
        } else {
            quote_spanned!(at=> ::core::option::Option::None)
        };
        if unless.is_none() && self.on.is_none() {
            return quote_spanned!(at=> |_: &_| #undecided);
        }
        let rest = self.on.as_ref().map_or(undecided, |p| {
            let hit = cx.matches(p, &quote!(__resil_e));
            quote_spanned!(at=> if #hit { #some(#ty::Retry) } else { #some(#ty::Final) })
        });
        quote_spanned!(at=> |__resil_e: &_| { #unless { #rest } })
    }

    /// The call's own back-off, where one is written, and the closure that asks for a delay.
    fn plan(&self, cx: &Cx<'_>) -> (Option<TokenStream>, TokenStream) {
        let at = mixed(self.span);
        match &self.backoff {
            None => {
                let plan = cx.private("Plan", self.span);
                (None, quote_spanned!(at=> |_, _| #plan::Policy))
            }
            Some(own) => {
                let own = cx.this(own);
                let at = mixed(first_span(&own));
                let plan = cx.private("plan", first_span(&own));
                let plan =
                    quote_spanned!(at=> #plan(&mut __resil_backoff, || #own, __resil_n, __resil_d));
                let plan = cx.asking(plan, self.span);
                (
                    Some(
                        quote_spanned!(at=> let mut __resil_backoff = ::core::option::Option::None;),
                    ),
                    quote_spanned!(at=> |__resil_n, __resil_d| #plan),
                )
            }
        }
    }

    fn asked(&self, cx: &Cx<'_>) -> TokenStream {
        let at = mixed(self.span);
        match &self.retry_after {
            None => quote_spanned!(at=> |_: &_| ::core::option::Option::None),
            Some(f) => {
                let (ask, f) = (cx.private("ask", self.span), cx.this(f));
                let asked = cx.asking(quote_spanned!(at=> #ask(__resil_e, #f)), self.span);
                quote_spanned!(at=> |__resil_e: &_| #asked)
            }
        }
    }
}

fn jitter_value(jitter: &Jitter, cx: &Cx<'_>, span: Span) -> TokenStream {
    let at = mixed(span);
    let ty = cx.private("Jitter", span);
    match jitter {
        Jitter::Full => quote_spanned!(at=> #ty::Full),
        Jitter::Equal => quote_spanned!(at=> #ty::Equal),
        Jitter::Decorrelated => quote_spanned!(at=> #ty::Decorrelated),
        Jitter::None => quote_spanned!(at=> #ty::None),
        Jitter::Ratio(r) => {
            let r = cx.constant(r, &ratio("jitter"));
            quote_spanned!(at=> #ty::Ratio(#r))
        }
    }
}
