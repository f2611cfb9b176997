//! How a bulkhead comes to its settings.

use super::core::{BulkheadCore, Settings};
use super::learner::Learner;
#[cfg(all(feature = "control", not(loom)))]
use super::policy::BulkheadPolicy;
use super::policy::Rules;
#[cfg(all(feature = "control", not(loom)))]
use crate::named::MANUAL;

impl Settings {
    fn new(rules: Rules, owner: &'static str) -> Self {
        let learner = rules.adaptive.map(|bounds| Box::new(Learner::new(bounds)));
        Self {
            rules,
            learner,
            owner,
        }
    }
}

impl BulkheadCore {
    /// Adopts the settings of `owner`, if none are in use. A limit that was set manually stays.
    ///
    /// # Errors
    ///
    /// Returns the function whose settings are in use, if they differ.
    pub(super) fn adopt(&self, rules: Rules, owner: &'static str) -> Result<(), &'static str> {
        let mut is_mine = false;
        let settings = self.settings.get_or_init(|| {
            is_mine = true;
            Settings::new(rules, owner)
        });
        if is_mine {
            self.begin(&self.settings());
            return Ok(());
        }
        if settings.rules == rules {
            Ok(())
        } else {
            Err(settings.owner)
        }
    }

    /// Begins to go by `settings`, which are in use. Returns the limit before and after.
    fn begin(&self, settings: &Settings) -> (u32, u32) {
        let is_timed = settings.rules.adaptive.is_some();
        if is_timed || self.load().is_timed() {
            self.update(|word| Some(word.with_timed(is_timed)));
        }
        self.set_limit(settings, |word| {
            if word.is_manual() {
                word
            } else {
                word.with_limit(settings.rules.first)
            }
        })
    }

    /// Returns whether nobody has given settings, so that those that come are no change of others.
    #[cfg(all(feature = "control", not(loom)))]
    fn has_none(&self) -> bool {
        self.settings.get().is_none()
    }

    /// Begins to go by the settings that are in use now instead of `before`, and tells listeners of a change of
    /// the limit, unless it `is_new` and had no limit of its own yet.
    #[cfg(all(feature = "control", not(loom)))]
    fn begin_instead_of(&self, before: &Settings, is_new: bool) {
        // A limit that was learned by them comes before those of the others, or not at all.
        if let Some(learner) = &before.learner {
            learner.finish();
        }
        let (before, after) = self.begin(&self.settings());
        if before != after && !is_new {
            self.identity().tell(before, after);
        }
    }

    /// Adopts the settings of `base`, the bulkhead of the name that this key is under, once `base` has
    /// some.
    pub(super) fn adopt_of(&self, base: &Self) {
        #[cfg(all(feature = "control", not(loom)))]
        let is_new = self.has_none();
        if self.settings.written().is_none()
            && let Some(settings) = base.settings.written()
        {
            // Only this function gives settings to the bulkhead of a key, so they cannot differ.
            let _ = self.adopt(settings.rules, settings.owner);
        }
        #[cfg(all(feature = "control", not(loom)))]
        self.follow(base, is_new);
    }

    /// Puts the settings of `policy` in the place of those that were adopted, or takes these again. Calls
    /// that are inside stay, and those that wait do so as long as they began to. Listeners are told of a change of
    /// the limit, unless the bulkhead `is_new`.
    #[cfg(all(feature = "control", not(loom)))]
    pub(super) fn replace(&self, policy: Option<&BulkheadPolicy>, is_new: bool) {
        let same = match policy {
            Some(policy) => policy.rules() == self.settings().rules,
            None => !self.settings.is_replaced(),
        };
        // What is learned stays where nothing changes.
        if same {
            return;
        }
        let instead = policy.map(|policy| Settings::new(policy.rules(), MANUAL));
        let is_new = is_new || self.has_none();
        let before = self.settings();
        self.settings.replace(instead);
        self.begin_instead_of(&before, is_new);
    }

    /// Uses the same settings as `base`, the bulkhead of the name that this key is under.
    #[cfg(all(feature = "control", not(loom)))]
    fn follow(&self, base: &Self, is_new: bool) {
        if !self.settings.is_behind(&base.settings) {
            return;
        }
        let before = self.settings();
        let make = |of: &Settings| Settings::new(of.rules, of.owner);
        if self.settings.follow(&base.settings, make) {
            self.begin_instead_of(&before, is_new);
        }
    }
}
