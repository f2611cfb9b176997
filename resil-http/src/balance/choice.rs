//! The choice of an endpoint.
//!
//! Where all endpoints are in, the strategy chooses among all. Otherwise a choice has these steps:
//!
//! 1. Left out are those whose breaker is open. If that is more than half of all, none is left out for that:
//!    so few could not bear the load of all. This is the panic threshold of Envoy, at its default of 50 %.
//!    Left out are those where as many requests as may be are pending, too; if none is left, the request is refused.
//! 2. Left out are those to be avoided, unless none would be left.
//! 3. Left out are those in their slow start, each with the chance that its weight says, unless none would be
//!    left. In a panic none is: it would give way to those that are ejected.
//! 4. The strategy chooses among the rest. If that one refuses the request (another one probes it, or has taken
//!    its last place), the choice begins anew without it.
//!
//! A choice takes no lock and allocates nothing.

use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use resil_runtime::{clock, edge};

use super::common::Common;
use super::endpoint::Endpoint;
use super::mask::Mask;
use super::node::{Admitted, Look, Node, Refusal};
use super::rendezvous;
use super::strategy::Strategy;

/// The pairs that are drawn in search of two that are in, before all endpoints are looked at.
const DRAWS: usize = 8;

/// What is asked of a choice.
#[derive(Clone, Copy)]
pub(super) struct Choice<'a> {
    pub(super) nodes: &'a [Arc<Node>],
    pub(super) common: &'a Common,
    pub(super) avoid: &'a [Endpoint],
    /// The hash of the key.
    pub(super) key: Option<u64>,
    /// The time now in nanoseconds, if the strategy goes by times; otherwise 0.
    pub(super) now_ns: u64,
}

/// Why no endpoint was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoneFits {
    /// There is none.
    Empty,
    /// As many requests as may be are pending at each that is in.
    Full,
}

/// What says of each endpoint in its slow start whether it takes part in a choice: the same however often the choice
/// looks at it. A chance that is taken anew at each look would let it take part in more choices than its weight says.
struct Lot(OnceCell<u64>);

impl Lot {
    fn takes_part(&self, node: &Node) -> bool {
        let Some(weight) = node.weight(clock::now_ms) else {
            return true;
        };
        let lot = *self.0.get_or_init(|| edge::random_up_to(u64::MAX));
        rendezvous::takes_part(lot, node.hash, weight)
    }
}

/// The endpoints among which a strategy chooses.
enum Among<'m> {
    All(usize),
    Some(&'m Mask),
}

impl<'a> Choice<'a> {
    /// Chooses; the request is pending there from here on.
    pub(super) fn choose(self) -> Result<(&'a Arc<Node>, Admitted), NoneFits> {
        if self.nodes.is_empty() {
            return Err(NoneFits::Empty);
        }
        let lot = self.lot();
        self.quickly(&lot).map_or_else(|| self.carefully(&lot), Ok)
    }

    /// Returns the lot of this choice. By key it is that of the key: an endpoint that is back gets its keys one after
    /// the other.
    fn lot(self) -> Lot {
        let by_key = self.common.strategy == Strategy::ConsistentHash;
        let key = self.key.filter(|_| by_key);
        Lot(key.map_or_else(OnceCell::new, OnceCell::from))
    }

    /// Chooses without a look at all, if it can.
    fn quickly(self, lot: &Lot) -> Option<(&'a Arc<Node>, Admitted)> {
        let all_in = self.avoid.is_empty()
            && self.common.out() == 0
            && !self.common.may_start_slowly(clock::now_ms);
        let place = if all_in {
            self.by_strategy(&Among::All(self.nodes.len()))
        } else if self.common.strategy == Strategy::P2cPeakEwma {
            self.drawn(lot)?
        } else {
            return None;
        };
        let node = &self.nodes[place];
        Some((node, node.admit().ok()?))
    }

    fn carefully(self, lot: &Lot) -> Result<(&'a Arc<Node>, Admitted), NoneFits> {
        let count = self.nodes.len();
        let (mut ins, mut roomy) = (Mask::NONE, Mask::NONE);
        for (place, node) in self.nodes.iter().enumerate() {
            if node.look() == Look::In {
                ins.insert(place);
            }
            if node.has_room() {
                roomy.insert(place);
            }
        }
        let mut out = count - ins.count();
        self.common.set_out(out);
        // Each round that finds no endpoint takes one out of one of the two.
        loop {
            let panics = is_panic(out, count);
            let mut among = if panics { roomy } else { ins.and(&roomy) };
            if among.is_empty() {
                return Err(NoneFits::Full);
            }
            if !self.avoid.is_empty() {
                self.keep(&mut among, |node| !self.avoid.contains(&node.endpoint));
            }
            if !panics && self.common.may_start_slowly(clock::now_ms) {
                self.keep(&mut among, |node| lot.takes_part(node));
            }
            let place = self.by_strategy(&Among::Some(&among));
            let node = &self.nodes[place];
            let admitted = match node.admit() {
                Err(Refusal::Out) if panics => node.admit_anyway(),
                other => other,
            };
            match admitted {
                Ok(admitted) => return Ok((node, admitted)),
                Err(Refusal::Full) => roomy.remove(place),
                Err(Refusal::Out) => {
                    ins.remove(place);
                    out += 1;
                }
            }
        }
    }

    /// Keeps the endpoints that are `wanted`, or all if none is.
    fn keep(self, among: &mut Mask, wanted: impl Fn(&Node) -> bool) {
        let mut kept = *among;
        for place in among.places() {
            if !wanted(&self.nodes[place]) {
                kept.remove(place);
            }
        }
        if !kept.is_empty() {
            *among = kept;
        }
    }

    /// Returns the place of the endpoint that the strategy chooses.
    fn by_strategy(self, among: &Among<'_>) -> usize {
        match (self.common.strategy, self.key) {
            (Strategy::RoundRobin, _) | (Strategy::ConsistentHash, None) => {
                let turn = self.common.turn.fetch_add(1, Relaxed);
                among.nth(turn % among.count().max(1))
            }
            (Strategy::LeastPending, _) => self.least_pending(among),
            (Strategy::P2cPeakEwma, _) => self.cheaper_of_two(among),
            (Strategy::ConsistentHash, Some(key)) => {
                let score = |place: &usize| rendezvous::score(key, self.nodes[*place].hash);
                among.places().max_by_key(score).unwrap_or(0)
            }
        }
    }

    fn least_pending(self, among: &Among<'_>) -> usize {
        let count = among.count().max(1);
        let first = among.nth(self.common.turn.fetch_add(1, Relaxed) % count);
        let pending = |place: &usize| self.nodes[*place].pending();
        // Of equals the first is taken: those from `first` on come before the others.
        let from = among
            .places()
            .filter(|place| *place >= first)
            .min_by_key(pending);
        let before = among
            .places()
            .take_while(|place| *place < first)
            .min_by_key(pending);
        match (from, before) {
            (Some(from), Some(before)) if pending(&before) < pending(&from) => before,
            (Some(place), _) | (None, Some(place)) => place,
            (None, None) => 0,
        }
    }

    fn cheaper_of_two(self, among: &Among<'_>) -> usize {
        let count = among.count();
        if count < 2 {
            return among.nth(0);
        }
        let (a, b) = two_of(count);
        self.cheaper(among.nth(a), among.nth(b))
    }

    fn cheaper(self, a: usize, b: usize) -> usize {
        let cost = |place: usize| self.nodes[place].cost(self.now_ns);
        if cost(b) < cost(a) { b } else { a }
    }

    /// Draws two that are in, and returns the cheaper one. `None` if it finds none, if there is but one pair, or if as
    /// many seem to be out that a look at all has to say whether they are.
    fn drawn(self, lot: &Lot) -> Option<usize> {
        let count = self.nodes.len();
        if count < 3 || is_panic(self.common.out(), count) {
            return None;
        }
        let fits = |place: usize| {
            let node = &self.nodes[place];
            node.look() == Look::In && !self.avoid.contains(&node.endpoint) && lot.takes_part(node)
        };
        (0..DRAWS).find_map(|_| {
            let (a, b) = two_of(count);
            (fits(a) && fits(b)).then(|| self.cheaper(a, b))
        })
    }
}

/// Returns whether so many are out that they are used anyway: more than half.
pub(super) fn is_panic(out: usize, count: usize) -> bool {
    out * 2 > count
}

/// Draws two different numbers below `count`, which is at least 2.
fn two_of(count: usize) -> (usize, usize) {
    let pairs = (count * (count - 1)) as u64;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is less than the pairs, whose number is a usize"
    )]
    let drawn = edge::random_up_to(pairs - 1) as usize;
    let (a, b) = (drawn / (count - 1), drawn % (count - 1));
    (a, if b >= a { b + 1 } else { b })
}

impl Among<'_> {
    fn count(&self) -> usize {
        match self {
            Self::All(count) => *count,
            Self::Some(mask) => mask.count(),
        }
    }

    fn nth(&self, rank: usize) -> usize {
        match self {
            Self::All(_) => rank,
            Self::Some(mask) => mask.nth(rank).unwrap_or(0),
        }
    }

    fn places(&self) -> impl Iterator<Item = usize> + '_ {
        let (all, some) = match self {
            Self::All(count) => (Some(0..*count), None),
            Self::Some(mask) => (None, Some(mask.places())),
        };
        all.into_iter().flatten().chain(some.into_iter().flatten())
    }
}
