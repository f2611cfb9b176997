//! What came out of a row.

/// What the figures of a row are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds a call.
    Nanoseconds,
    /// Throughput on two threads over that on one.
    SpeedUp,
    /// Seconds of CPU time.
    Seconds,
    /// Millions of instructions.
    Instructions,
    /// Lines of code.
    Lines,
    /// Millions of bytes.
    Megabytes,
    /// Crates in the dependency tree.
    Crates,
}

/// The figures of one contestant.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The contestant.
    pub name: &'static str,
    /// One figure a round.
    pub figures: Vec<f64>,
    /// The size of the future of one call, in bytes.
    pub future: Option<usize>,
    /// Instructions a call, the loop around it included.
    pub instructions: Option<f64>,
    /// Allocations a call, and their bytes.
    pub allocations: Option<(f64, f64)>,
}

impl Measured {
    /// One that has only its figures.
    pub fn new(name: &'static str, figures: Vec<f64>) -> Self {
        Self {
            name,
            figures,
            future: None,
            instructions: None,
            allocations: None,
        }
    }
}

/// A row with its figures.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The row's name.
    pub row: String,
    /// What the figures are.
    pub unit: Unit,
    /// The contestant that the others are compared with.
    pub base: &'static str,
    /// The contestants, in the order of the row.
    pub measured: Vec<Measured>,
    /// Why the figures say nothing about the goals, if they do not.
    pub unfit: Option<String>,
}

impl Outcome {
    /// Returns the figures of that contestant.
    pub fn find(&self, who: &str) -> Option<&Measured> {
        self.measured.iter().find(|m| m.name == who)
    }

    /// Returns the figures of `who` over those of `to`, round by round.
    pub fn ratios(&self, who: &str, to: &str) -> Option<Vec<f64>> {
        let (who, to) = (self.find(who)?, self.find(to)?);
        let both = who.figures.iter().zip(&to.figures);
        Some(both.map(|(a, b)| a / b).collect())
    }

    /// Returns what `who` costs beyond so many times `to`, round by round.
    pub fn beyond(&self, who: &str, to: &str, times: f64) -> Option<Vec<f64>> {
        let (who, to) = (self.find(who)?, self.find(to)?);
        let both = who.figures.iter().zip(&to.figures);
        Some(both.map(|(a, b)| a - times * b).collect())
    }

    /// Returns what `who` costs beyond `bare`, over what `to` does, round by round.
    pub fn ratios_beyond_bare(&self, who: &str, to: &str) -> Option<Vec<f64>> {
        let bare = self.find("bare")?.figures.iter();
        let (who, to) = (self.find(who)?, self.find(to)?);
        let both = who.figures.iter().zip(&to.figures).zip(bare);
        Some(both.map(|((a, b), bare)| (a - bare) / (b - bare)).collect())
    }

    /// Returns the instructions of a call of `who`, beyond those of `bare` where there is one.
    pub fn instructions(&self, who: &str) -> Option<f64> {
        let own = self.find(who)?.instructions?;
        match self.find("bare") {
            Some(bare) => Some(own - bare.instructions?),
            None => Some(own),
        }
    }
}

/// Returns the median; of an even number, the lower middle one.
pub fn median(figures: &[f64]) -> f64 {
    quantile(figures, 0.5)
}

/// Returns the figure below which that share of them lies.
pub fn quantile(figures: &[f64], share: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let at = (last as f64 * share) as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
