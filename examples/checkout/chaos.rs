//! `--chaos 30%`: faults on top of the weather, injected into the body of the shop with resil and into that
//! of the price in the sale, by resil itself. The promises stay the same.

#[cfg(not(feature = "chaos"))]
use std::error::Error;

#[cfg(not(feature = "chaos"))]
pub(crate) fn inject(_: f64, _: u64) -> Result<Injected, Box<dyn Error>> {
    Err("write `cargo run --example checkout --features chaos -- --chaos 30%`".into())
}

#[cfg(not(feature = "chaos"))]
pub(crate) struct Injected;

#[cfg(not(feature = "chaos"))]
impl Injected {
    #[expect(clippy::unused_self, reason = "with the feature it has counts")]
    pub(crate) fn print(&self) {}
}

#[cfg(feature = "chaos")]
pub(crate) use injected::inject;

#[cfg(feature = "chaos")]
mod injected {
    use std::error::Error;
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use resil::control;
    use resil::event::{Event, InjectedFault, Subscription, subscribe};

    /// The faults that were injected.
    pub(crate) struct Injected {
        counts: Arc<[AtomicUsize; 4]>,
        _listening: Subscription,
    }

    /// Injects faults into `percent` of all runs from now on: two fifths of them errors, the others delays,
    /// hangs and lost answers, a fifth each.
    pub(crate) fn inject(percent: f64, seed: u64) -> Result<Injected, Box<dyn Error>> {
        let fifth = percent / 5.0;
        let text = format!(
            "[chaos]\nseed = {seed}\nerror = \"{}%\"\ndelay = \"{fifth}%\"\ndelay_for = \"150ms\"\n\
             hang = \"{fifth}%\"\ndrop = \"{fifth}%\"\n",
            2.0 * fifth
        );
        control().load_text(Path::new("--chaos"), &text)?;
        let counts = Arc::new([const { AtomicUsize::new(0) }; 4]);
        let counted = Arc::clone(&counts);
        let listening = subscribe(move |event| {
            let Event::Injected { fault, .. } = event else {
                return;
            };
            let kind = match fault {
                InjectedFault::Error => 0,
                InjectedFault::Delay(_) => 1,
                InjectedFault::Hang => 2,
                _ => 3,
            };
            counted[kind].fetch_add(1, Relaxed);
        });
        Ok(Injected {
            counts,
            _listening: listening,
        })
    }

    impl Injected {
        /// Prints how many faults there were.
        pub(crate) fn print(&self) {
            let [errors, delays, hangs, lost] = self.counts.each_ref().map(|n| n.load(Relaxed));
            println!(
                "Injected on top of the weather: {errors} errors, {delays} delays, {hangs} hangs and {lost} lost answers."
            );
        }
    }
}
