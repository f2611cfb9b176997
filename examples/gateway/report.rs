//! What happened: where each request went, what was lost, and what was charged twice.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use super::NAMES;
use super::bank::Bank;
use super::customers::Call;

/// What happened.
pub(crate) struct Report {
    /// The requests that each backend has answered, by when they were sent: all up, B killed, B back.
    answered: [[usize; 3]; 3],
    calls: usize,
    length: Duration,
    /// What was lost, in the words of the customer.
    lost: Vec<String>,
    orders: usize,
    not_charged: usize,
    charged_twice: usize,
    /// The requests that took more than one attempt.
    again: usize,
}

impl Report {
    pub(crate) fn new(calls: &[Call], bank: &Bank, began: Instant, thirds: [Duration; 2]) -> Self {
        let mut report = Self {
            answered: [[0; 3]; 3],
            calls: calls.len(),
            length: began.elapsed(),
            lost: Vec::new(),
            orders: 0,
            not_charged: 0,
            charged_twice: 0,
            again: 0,
        };
        for call in calls {
            report.count(call, bank, began, thirds);
        }
        report
    }

    fn count(&mut self, call: &Call, bank: &Bank, began: Instant, thirds: [Duration; 2]) {
        if let Some(order) = &call.order {
            self.orders += 1;
            match bank.charged(order) {
                0 => self.not_charged += 1,
                1 => {}
                _ => self.charged_twice += 1,
            }
        }
        match &call.answer {
            Err(lost) => self.lost.push(lost.clone()),
            Ok((backend, attempts)) => {
                self.again += usize::from(*attempts > 1);
                let passed = call.at.duration_since(began);
                let third = thirds.iter().filter(|end| passed >= **end).count();
                let row = NAMES.iter().position(|name| name == backend);
                if let Some(row) = row {
                    self.answered[row][third] += 1;
                }
            }
        }
    }

    /// Returns whether nothing was lost or doubled, and B had work before and after.
    pub(crate) fn is_right(&self) -> bool {
        let [before, _, after] = self.answered[1];
        self.calls > 0
            && self.lost.is_empty()
            && self.not_charged == 0
            && self.charged_twice == 0
            && before > 0
            && after > 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nanswered by   all up   B killed   B back")?;
        for (name, thirds) in NAMES.iter().zip(self.answered) {
            let [up, killed, back] = thirds;
            writeln!(f, "{name}           {up:>8}   {killed:>8}   {back:>6}")?;
        }
        for lost in self.lost.iter().take(5) {
            writeln!(f, "lost: {lost}")?;
        }
        let (calls, lost) = (self.calls, self.lost.len());
        writeln!(
            f,
            "\n{calls} requests were sent, {:.0} a second: {} answered, {lost} lost. {} took more than one attempt.",
            calls as f64 / self.length.as_secs_f64(),
            calls - lost,
            self.again
        )?;
        writeln!(
            f,
            "{} orders were placed: {} charged once, {} twice, {} not at all.",
            self.orders,
            self.orders - self.not_charged - self.charged_twice,
            self.charged_twice,
            self.not_charged
        )
    }
}
