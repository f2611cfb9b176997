//! The layers of a stack, and what a call has of them.

use super::layer::Layer;
use super::state::State;
use crate::call::CallState;
#[cfg(feature = "edge")]
use crate::call::may_copy::MayCopy;
use crate::clock;
use crate::retry::RetryPolicy;

/// The layers of a stack, outermost first, with their outline.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape<L: ?Sized = [Layer]> {
    pub(super) outline: Outline,
    pub(super) len: usize,
    /// The first `len` of these are the layers.
    pub(super) places: L,
}

impl Shape {
    /// Returns the layers.
    pub(super) fn layers(&self) -> &[Layer] {
        self.places.get(..self.len).unwrap_or(&self.places)
    }
}

impl<const N: usize> Shape<[Layer; N]> {
    /// Creates the shape of a stack without layers; `place` stands where no layer is.
    pub(super) const fn empty(place: Layer) -> Self {
        Self {
            outline: Outline::EMPTY,
            len: 0,
            places: [place; N],
        }
    }

    /// Creates the shape of these layers, outermost first: of as many as there are places.
    #[cfg(any(feature = "edge", feature = "hedge"))]
    pub(super) fn of<'l>(layers: impl IntoIterator<Item = &'l Layer>) -> Self {
        let mut shape = Self::empty(NONE);
        for layer in layers.into_iter().take(N) {
            shape.push(*layer);
        }
        shape
    }

    /// Adds a layer inside the others. There is a place for it.
    pub(super) const fn push(&mut self, layer: Layer) {
        self.outline = self.outline.with(self.len, &layer);
        self.places[self.len] = layer;
        self.len += 1;
    }
}

/// What stands in the places that no layer has.
pub(super) const NONE: Layer = Layer::Retry(RetryPolicy::new());

/// An outline of a stack, made when the stack is built.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outline {
    /// The shortest limit of a timeout, in nanoseconds, as [`clock::nanos`] returns it; without a timeout a
    /// limit that no other one is above.
    pub(super) limit: u64,
    /// The index of the circuit; out of all bounds if there is none.
    pub(super) circuit: usize,
    /// The index of the retry; out of all bounds if there is none.
    pub(super) retry: usize,
    /// The index of the hedge; out of all bounds if there is none.
    pub(super) hedge: usize,
    /// Whether there is no layer but a circuit, a retry and timeouts.
    pub(super) is_straight: bool,
}

impl Outline {
    /// The outline of a stack without layers.
    pub(super) const EMPTY: Self = Self {
        limit: u64::MAX,
        circuit: usize::MAX,
        retry: usize::MAX,
        hedge: usize::MAX,
        is_straight: true,
    };

    /// Returns the outline with `layer` as the `at`th.
    pub(super) const fn with(mut self, at: usize, layer: &Layer) -> Self {
        match layer {
            // An inner limit is shorter than those around it.
            Layer::Timeout(policy) => self.limit = clock::nanos(policy.limit()),
            Layer::Circuit(_) => self.circuit = at,
            Layer::Retry(_) => self.retry = at,
            Layer::Bulkhead(_) | Layer::RateLimit(_) => self.is_straight = false,
            #[cfg(feature = "hedge")]
            Layer::Hedge(_) => {
                self.hedge = at;
                self.is_straight = false;
            }
        }
        self
    }
}

/// A request of an edge, as policies that send it several times ask about it.
#[cfg(feature = "edge")]
pub trait Repeatable: Sync {
    /// Returns whether it may be sent again after a timeout has cut it, as things are now.
    fn may_repeat(&self) -> bool;

    /// Returns whether a copy may be sent beside one that is under way, as things are now.
    fn may_copy(&self) -> MayCopy {
        MayCopy::Yes
    }
}

/// A request that is there in whole.
#[cfg(feature = "edge")]
impl<F: Fn() -> bool + Sync> Repeatable for F {
    fn may_repeat(&self) -> bool {
        self()
    }
}

/// What a call has of its stack.
#[derive(Clone, Copy)]
pub(super) struct Plan<'c> {
    pub(super) shape: &'c Shape,
    pub(super) state: &'static State,
    pub(super) call: &'c CallState,
    /// Whether the call may end with a refusal: a retry by itself has none to give.
    pub(super) can_refuse: bool,
    /// The request of an edge.
    #[cfg(feature = "edge")]
    pub(super) request: Option<&'c dyn Repeatable>,
}

impl<'c> Plan<'c> {
    /// Returns a copy in a place of its own, for a function that is not inlined: the fields of the first one need not
    /// be in memory then.
    #[inline(always)]
    pub(super) fn copied(&self) -> Self {
        Self {
            shape: self.shape,
            state: self.state,
            call: self.call,
            can_refuse: self.can_refuse,
            #[cfg(feature = "edge")]
            request: self.request,
        }
    }

    pub(super) fn layers(&self) -> &'c [Layer] {
        self.shape.layers()
    }
}
