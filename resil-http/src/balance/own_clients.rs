//! The clients of endpoints that DNS has told: each connects to one address, by the name of the service.
//!
//! A pool has its own, as its settings are its own; the balancer with the endpoints may be shared by several.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::aged::Aged;
use super::endpoint::{Endpoint, Gone};

/// The clients of the endpoints that were asked for. Those of endpoints that are gone go when one comes.
#[derive(Default)]
pub(super) struct OwnClients(ArcSwap<HashMap<usize, Own>>);

#[derive(Clone)]
struct Own {
    client: Arc<Aged>,
    /// As long as this is here, no other endpoint has its number.
    gone: Gone,
}

impl OwnClients {
    /// Returns the client of `endpoint`, or the place for it. It is counted together with `shared`, also when it is
    /// gone.
    pub(super) fn of(&self, endpoint: &Endpoint, shared: &Aged) -> Arc<Aged> {
        match self.0.load().get(&endpoint.number()) {
            Some(own) => Arc::clone(&own.client),
            None => self.add(endpoint, shared),
        }
    }

    #[cold]
    fn add(&self, endpoint: &Endpoint, shared: &Aged) -> Arc<Aged> {
        let new = Own {
            client: Arc::new(shared.counted_together()),
            gone: endpoint.gone(),
        };
        let mut kept = Arc::clone(&new.client);
        self.0.rcu(|all| {
            let there = all.iter().filter(|(_, own)| !own.gone.is_so());
            let mut all: HashMap<_, _> = there.map(|(n, own)| (*n, own.clone())).collect();
            // Of two that are added at once the first is kept.
            let own = all.entry(endpoint.number()).or_insert_with(|| new.clone());
            kept = Arc::clone(&own.client);
            all
        });
        kept
    }
}

impl fmt::Debug for OwnClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnClients")
            .field("count", &self.0.load().len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn each_endpoint_has_one_as_long_as_it_is_there() {
        let base: Endpoint = "https://pay.internal".parse().unwrap();
        let of = |port| Endpoint::of_address(&base, SocketAddr::from(([10, 0, 0, 1], port)));
        let (first, second) = (of(1).unwrap(), of(2).unwrap());
        let own = OwnClients::default();
        let shared = Aged::default();
        let own_of = |endpoint: &Endpoint| own.of(endpoint, &shared);
        let count = || own.0.load().len();
        let client = own_of(&first);
        assert!(Arc::ptr_eq(&client, &own_of(&first.clone())));
        assert!(!Arc::ptr_eq(&client, &own_of(&second)));
        assert_eq!(count(), 2);
        drop(first);
        assert_eq!(count(), 2, "it goes when another one comes");
        let again = of(1).unwrap();
        assert!(!Arc::ptr_eq(&client, &own_of(&again)));
        assert_eq!(count(), 2);
    }
}
