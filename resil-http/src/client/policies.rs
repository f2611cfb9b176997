//! The policies of a client, and which of them a call runs under.

use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::circuit::CircuitPolicy;
use resil_runtime::edge::Policies;
#[cfg(feature = "hedge")]
use resil_runtime::hedge::HedgePolicy;
use resil_runtime::rate_limit::RateLimitPolicy;
use resil_runtime::retry::RetryPolicy;
use resil_runtime::stack::Layer;
use resil_runtime::{Stack, TimeoutPolicy};

use super::limits::Limits;
use super::refused::BuildError;

/// The policies that a builder was given.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) rate_limit: Option<RateLimitPolicy>,
    pub(super) circuit: Option<CircuitPolicy>,
    pub(super) bulkhead: Option<BulkheadPolicy>,
    pub(super) retry: Option<RetryPolicy>,
    pub(super) no_retry: bool,
    #[cfg(feature = "hedge")]
    pub(super) hedge: Option<HedgePolicy>,
    pub(super) stack: Option<Stack>,
}

impl Given {
    /// Returns the stack of the client called `name`.
    ///
    /// # Errors
    ///
    /// Names the rule that a policy breaks, by itself or under the limits of the client.
    pub(super) fn resolve(self, name: &str, limits: &Limits) -> Result<Stack, BuildError> {
        let given = self.layers();
        if let Some(stack) = self.stack {
            return match given.first() {
                None => Ok(stack),
                Some(beside) => Err(BuildError::BesideStack {
                    policy: beside.name(),
                }),
            };
        }
        // The rules of a stack know how long an attempt and a call may take. The limits themselves are held by
        // the client, which tells them apart.
        let limit = |limit| Layer::from(TimeoutPolicy::new(limit));
        let mut checked = vec![limit(limits.total)];
        checked.extend(&given);
        checked.push(limit(limits.attempt));
        let _checked = Stack::try_new(name, checked)?;

        let mut layers = given;
        if self.retry.is_none() && !self.no_retry {
            #[cfg(feature = "hedge")]
            let inside = usize::from(self.hedge.is_some());
            #[cfg(not(feature = "hedge"))]
            let inside = 0;
            let at = layers.len() - inside;
            layers.insert(at, RetryPolicy::new().into());
        }
        Ok(Stack::try_new(name, layers)?)
    }

    /// Returns the given policies in their usual order, outermost first.
    fn layers(&self) -> Vec<Layer> {
        let all = [
            self.rate_limit.map(Layer::from),
            self.circuit.map(Layer::from),
            self.bulkhead.map(Layer::from),
            self.retry.map(Layer::from),
            #[cfg(feature = "hedge")]
            self.hedge.map(Layer::from),
        ];
        all.into_iter().flatten().collect()
    }
}

/// The policies of a client, with and without those that send a request again. All have one state.
#[derive(Debug)]
pub(super) struct Set {
    all: Policies,
    without_hedge: Policies,
    without_both: Policies,
}

impl Set {
    pub(super) fn new(stack: Stack) -> Self {
        let all = Policies::from(stack);
        let without_hedge = all.without_hedge();
        Self {
            without_both: without_hedge.without("retry"),
            without_hedge,
            all,
        }
    }

    /// Returns the policies of a call. One that the mesh retries has one attempt: it would retry each copy.
    pub(super) fn of_call(&self, by_mesh: bool, is_hedged: bool) -> &Policies {
        match (by_mesh, is_hedged) {
            (true, _) => &self.without_both,
            (false, true) => &self.all,
            (false, false) => &self.without_hedge,
        }
    }

    pub(super) fn layers(&self) -> &[Layer] {
        self.all.layers()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::client::limits;

    fn resolve(given: Given) -> Result<Vec<&'static str>, String> {
        let limits = limits::Given::default().resolve().unwrap();
        let stack = given.resolve("client-policies", &limits);
        let stack = stack.map_err(|error| error.to_string())?;
        let names = stack.layers().iter().map(Layer::name).collect();
        // The other sets are stacks too.
        let _ = Set::new(stack);
        Ok(names)
    }

    #[test]
    fn a_retry_is_there_unless_it_is_not_wanted() {
        assert_eq!(resolve(Given::default()).unwrap(), ["retry"]);
        let none = Given {
            no_retry: true,
            ..Given::default()
        };
        assert!(resolve(none).unwrap().is_empty());
    }

    #[test]
    fn the_policies_stand_in_their_usual_order() {
        let given = Given {
            circuit: Some(CircuitPolicy::new()),
            bulkhead: Some(BulkheadPolicy::new()),
            rate_limit: Some(RateLimitPolicy::new().max(5)),
            #[cfg(feature = "hedge")]
            hedge: Some(HedgePolicy::new(resil_runtime::hedge::HedgeAfter::Delay(
                Duration::from_millis(50),
            ))),
            ..Given::default()
        };
        let names = resolve(given).unwrap();
        assert_eq!(
            names[..4],
            ["rate_limit", "circuit", "bulkhead", "retry"],
            "{names:?}"
        );
        assert_eq!(names.len(), 4 + usize::from(cfg!(feature = "hedge")));
    }

    #[test]
    fn a_policy_is_held_to_the_limits_of_the_client() {
        let given = Given {
            bulkhead: Some(BulkheadPolicy::new().queue(4).wait(Duration::from_secs(60))),
            ..Given::default()
        };
        let refused = resolve(given).unwrap_err();
        assert!(
            refused.contains("60s") || refused.contains("1m"),
            "{refused}"
        );
    }

    #[test]
    fn a_stack_stands_alone() {
        let given = |circuit| Given {
            stack: Some(Stack::new("client-stack").circuit(CircuitPolicy::new())),
            circuit,
            ..Given::default()
        };
        assert_eq!(resolve(given(None)).unwrap(), ["circuit"]);
        assert_eq!(
            resolve(given(Some(CircuitPolicy::new()))).unwrap_err(),
            "`.circuit(..)` stands beside `.stack(..)`\nhelp: add the policy to the stack"
        );
    }
}
