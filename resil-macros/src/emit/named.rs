//! State that is found by name or key, in generated code.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::LitStr;

use super::context::EmitContext;
use super::inner::{Entry, option};
use super::setting::Setting;
use crate::features;
use crate::parse::Const;
use crate::tokens::{first_span, mixed};

/// The state of a layer that is found by name or key: a breaker, a bulkhead, a rate limit.
pub(crate) struct NamedState<'a> {
    /// The name of the attribute. The types of the runtime begin with it: `CircuitSite` and
    /// `CircuitPolicy`.
    pub(crate) policy: &'static str,
    pub(crate) span: Span,
    pub(crate) name: Option<&'a LitStr>,
    pub(crate) key: Option<&'a TokenStream>,
    /// The settings that are written.
    pub(crate) settings: Vec<Setting<'a>>,
    /// The user's policy, from which the settings depart.
    pub(crate) base: Option<&'a Const<()>>,
    /// What settings from outside have to know of what stands beside them: whether there is a `key`, and a
    /// `store`.
    pub(crate) beside: &'a [(&'static str, bool)],
    /// The constant of the runtime that has the settings of a layer without options, if it can be without.
    pub(crate) defaults: Option<&'static str>,
}

/// The code by which a call finds its state.
pub(crate) struct FoundState {
    /// The state of the site, or of the call's key.
    pub(crate) state: TokenStream,
    /// The settings, as the first argument for a method of the site, with its comma. Empty for a key,
    /// which was looked up with them.
    pub(crate) settings: TokenStream,
    /// The end of the name of the method that lets a call in, and its first argument: whether the layer is
    /// switched on, if it can be switched.
    pub(crate) switch: (&'static str, TokenStream),
}

impl NamedState<'_> {
    /// Writes the static state of the site, and the lookup of the call's key. The key is computed once
    /// per call, before anything runs, wherever the attribute stands.
    pub(crate) fn find(&self, cx: &EmitContext<'_>, entry: &mut Entry) -> FoundState {
        let at = mixed(self.span);
        let settings = self.settings(cx, entry);
        let name = option(self.name, at);
        let ty = cx.private(&format!("{}Site", self.camel()), self.span);
        let site = Ident::new(&format!("__RESIL_{}", self.policy.to_uppercase()), at);
        entry.push(quote_spanned!(at=> static #site: #ty = #ty::new(&__RESIL_SITE, #name);));
        let site = if self.name.is_some() {
            quote_spanned!(at=> (&#site))
        } else {
            let types = cx.types(self.span);
            quote_spanned!(at=> (&#site).of(#types))
        };
        let settings = if self.may_be_generic() {
            quote_spanned!(at=> #site.instance(#settings))
        } else {
            settings
        };
        let switch = match cx.is_on(self.span) {
            Some(is_on) => ("_if", quote_spanned!(at=> #is_on,)),
            None => ("", TokenStream::new()),
        };
        let Some(key) = self.key else {
            return FoundState {
                state: site,
                settings: quote_spanned!(at=> #settings,),
                switch,
            };
        };
        let key = cx.with_self_on_entry(key);
        let of_key = quote_spanned!(mixed(first_span(&key))=> &(#key));
        let keyed = Ident::new(&format!("__resil_keyed_{}", self.policy), at);
        entry.push(quote_spanned! {at=>
            #[allow(unused_parens, clippy::all, clippy::pedantic)]
            let #keyed = &#site.keyed(#settings, #of_key);
        });
        FoundState {
            state: quote_spanned!(at=> #keyed),
            settings: TokenStream::new(),
            switch,
        }
    }

    /// Whether instances of a generic function, which share the static, may have different settings.
    fn may_be_generic(&self) -> bool {
        let base = self.base.is_some_and(Const::may_be_generic);
        base || self.settings.iter().any(Setting::may_be_generic)
    }

    /// Writes the settings; `None` for a layer that has a name alone. It uses the settings of the
    /// others of that name.
    fn settings(&self, cx: &EmitContext<'_>, entry: &mut Entry) -> TokenStream {
        let at = mixed(self.span);
        let policy = cx.private(&format!("{}Policy", self.camel()), self.span);
        let calls: TokenStream = self
            .settings
            .iter()
            .map(|setting| setting.call(self.span, cx, entry))
            .collect();
        let base = match self.base {
            Some(base) => Some(cx.base_policy(base, &policy, self.policy, entry)),
            None if self.settings.is_empty() && self.name.is_some() => None,
            None => Some(quote_spanned!(at=> #policy::new())),
        };
        if let Some(base) = &base {
            let policy = quote_spanned!(at=> #base #calls);
            cx.judge(&self.camel(), &policy, self.span, entry);
        }
        if features::controls() {
            let policy = base.map(|base| quote_spanned!(at=> #base #calls));
            let (name, policy) = (option(self.name, at), option(policy.as_ref(), at));
            let mut fields = quote_spanned!(at=> name: #name, policy: #policy);
            for (beside, has) in self.beside {
                let beside = Ident::new(beside, at);
                fields.extend(quote_spanned!(at=> , #beside: #has));
            }
            cx.describe(&self.camel(), &fields, self.span, entry);
            return cx.in_force(self.policy, self.span, None);
        }
        match base {
            None => quote_spanned!(at=> ::core::option::Option::None),
            Some(base) => match self.defaults {
                Some(defaults) if self.base.is_none() && self.settings.is_empty() => {
                    cx.private(defaults, self.span).into_token_stream()
                }
                _ => quote_spanned!(at=> const { ::core::option::Option::Some(&#base #calls) }),
            },
        }
    }

    /// Returns the attribute's name as types write it: `rate_limit` → `RateLimit`.
    fn camel(&self) -> String {
        let words = self.policy.split('_').filter_map(|word| {
            let mut letters = word.chars();
            let first = letters.next()?.to_ascii_uppercase();
            Some(std::iter::once(first).chain(letters).collect::<String>())
        });
        words.collect()
    }
}
