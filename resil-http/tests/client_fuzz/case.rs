//! Random answers, and what the client has to make of each.

use std::time::Duration;

use crate::values::{
    LOCATIONS, Meant, OTHERS, PUSHBACK, RETRY_AFTER, Random, STATUS, VALUES, legal, noise,
};

/// What a request may do twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// `GET`: any request of it may be sent again.
    Get,
    /// `POST`: none that was sent.
    Post,
    /// `POST` with an `Idempotency-Key`: any.
    Keyed,
}

/// What has to come of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The answer, after so many attempts and a pause at least so long.
    Answer { attempts: u32, pause: Duration },
    /// The answer or an error, after two attempts at most.
    Any,
}

/// One call: its request, and the answer that each of its attempts gets.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) asks: Asks,
    pub(crate) status: u16,
    /// The lines of headers that have a meaning, or might.
    pub(crate) lines: Vec<(&'static str, Vec<u8>)>,
    pub(crate) expected: Expected,
    /// Whether it is no answer of HTTP.
    pub(crate) is_broken: bool,
    is_early: bool,
    body: &'static str,
}

/// The time for a call. No wait that is shorter is asked for, but for the shortest ones.
pub(crate) const TOTAL: Duration = Duration::from_secs(15);
const SOON: Duration = Duration::from_millis(20);

impl Case {
    /// Returns the case of a number, which is the same for both sides.
    pub(crate) fn of(number: u32) -> Self {
        let mut random = Random::of(number);
        for _ in 0..4 {
            random.below(2);
        }
        let asks = random.one_of(&[Asks::Get, Asks::Get, Asks::Post, Asks::Keyed]);
        let status = random.one_of(&[
            200, 200, 204, 302, 304, 400, 404, 408, 421, 425, 429, 429, 500, 501, 502, 503, 503,
            504, 505, 599, 600, 999,
        ]);
        let mut said = Said::default();
        let mut lines = Vec::new();
        for _ in 0..random.below(5) {
            lines.push(said.line(&mut random));
        }
        if status == 302 && random.one_in(2) {
            said.is_unclear = true;
            lines.push(("location", random.one_of(&LOCATIONS).to_vec()));
        }
        let is_broken = random.one_in(50) && !lines.is_empty();
        if is_broken {
            let at = random.below(lines.len());
            let value = &mut lines[at].1;
            value.insert(
                random.below(value.len() + 1),
                random.one_of(b"\0\n\r\x01\x7f"),
            );
            said.is_unclear = true;
        }
        Self {
            asks,
            status,
            expected: said.expected(asks, status),
            lines,
            is_broken,
            is_early: random.one_in(16),
            body: random.one_of(&["", "", "", "", "", "", "", "no"]),
        }
    }

    /// Returns whether it is known what has to come of it.
    pub(crate) fn is_clear(&self) -> bool {
        self.expected != Expected::Any
    }

    /// Returns the values of a header, in their order.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let lines = self.lines.iter();
        let own = lines.filter(move |(other, _)| other.eq_ignore_ascii_case(name));
        own.map(|(_, value)| &value[..])
    }

    /// Returns the answer as it is sent.
    pub(crate) fn answer(&self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut add = |parts: &[&[u8]]| parts.iter().for_each(|part| text.extend_from_slice(part));
        if self.is_early {
            // This is not the answer yet, whatever it says.
            add(&[b"HTTP/1.1 103 Early Hints\r\nretry-after: 3600\r\ngrpc-status: 14\r\n\r\n"]);
        }
        let has_body = !matches!(self.status, 204 | 304);
        let body = if has_body { self.body } else { "" };
        add(&[format!("HTTP/1.1 {} Said\r\n", self.status).as_bytes()]);
        if has_body {
            add(&[format!("content-length: {}\r\n", body.len()).as_bytes()]);
        }
        if self.is_broken {
            // What comes behind a head that has ended too soon is no answer to the next request.
            add(&[b"connection: close\r\n"]);
        }
        for (at, (name, value)) in self.lines.iter().enumerate() {
            let space: &[u8] = [&b""[..], b" ", b"\t ", b"  "][at % 4];
            add(&[name.as_bytes(), b":", space, value, space, b"\r\n"]);
        }
        add(&[b"\r\n", body.as_bytes()]);
        text
    }
}

/// What the headers of an answer say so far.
#[derive(Default)]
struct Said {
    /// By the first `Retry-After` that can be read.
    retry_after: Option<Meant>,
    /// By the first `grpc-status`.
    grpc_status: Option<Meant>,
    pushbacks: Vec<Meant>,
    is_overloaded: bool,
    is_unclear: bool,
}

impl Said {
    /// Adds a random line.
    fn line(&mut self, random: &mut Random) -> (&'static str, Vec<u8>) {
        match random.below(10) {
            0..3 => {
                let (value, meant) = self.value(random, &RETRY_AFTER);
                if self.retry_after.is_none() && meant != Meant::Nothing {
                    self.retry_after = Some(meant);
                }
                (
                    random.one_of(&["retry-after", "Retry-After", "RETRY-AFTER"]),
                    value,
                )
            }
            3..5 => {
                let (value, meant) = self.value(random, &STATUS);
                self.grpc_status.get_or_insert(meant);
                ("grpc-status", value)
            }
            5..7 => {
                let (value, meant) = self.value(random, &PUSHBACK);
                self.pushbacks.push(meant);
                ("grpc-retry-pushback-ms", value)
            }
            7 => {
                self.is_overloaded = true;
                ("x-envoy-overloaded", noise(random, any_value))
            }
            _ => (random.one_of(&OTHERS), noise(random, any_value)),
        }
    }

    /// Returns one of the values, and what it means; or one that is nearly so, or nothing like it.
    fn value(&mut self, random: &mut Random, all: &[(&[u8], Meant)]) -> (Vec<u8>, Meant) {
        let (value, meant) = random.one_of(all);
        let mut value = value.to_vec();
        match random.below(16) {
            0 if !value.is_empty() => {
                let at = random.below(value.len());
                value[at] = legal(random);
                self.is_unclear = true;
                (value, Meant::Unknown)
            }
            1 => {
                let value = noise(random, |_| b"~".to_vec());
                (value, Meant::Nothing)
            }
            _ => (value, meant),
        }
    }

    /// Reads them as the documentation of `HttpOutcome` says it.
    fn expected(&self, asks: Asks, status: u16) -> Expected {
        let once = Expected::Answer {
            attempts: 1,
            pause: Duration::ZERO,
        };
        let again_after = |meant: Option<Meant>| match meant {
            None | Some(Meant::Number(0)) => Expected::Answer {
                attempts: 2,
                pause: Duration::ZERO,
            },
            Some(Meant::Soon) => Expected::Answer {
                attempts: 2,
                pause: SOON,
            },
            // There is no time for it.
            Some(_) => once,
        };
        let after = || again_after(self.retry_after);
        if self.is_unclear {
            return Expected::Any;
        }
        let is_error = (400..600).contains(&status);
        if asks == Asks::Post {
            let is_misdirected = status == 421 && !self.is_overloaded;
            return if is_misdirected {
                again_after(None)
            } else {
                once
            };
        }
        match status {
            _ if is_error && self.is_overloaded => after(),
            429 | 503 => after(),
            408 | 421 | 425 | 500 | 502 | 504 | 599 => again_after(None),
            _ if is_error => once,
            _ => self.expected_of_grpc(once, again_after, after),
        }
    }

    fn expected_of_grpc(
        &self,
        once: Expected,
        again_after: impl Fn(Option<Meant>) -> Expected,
        after: impl Fn() -> Expected,
    ) -> Expected {
        match self.grpc_status {
            None | Some(Meant::Number(0)) => return once,
            Some(Meant::Number(1 | 5 | 16)) if !self.is_overloaded => return once,
            Some(_) => {}
        }
        match self.pushbacks[..] {
            [] if self.is_overloaded => after(),
            [] => again_after(None),
            [Meant::Number(0)] => again_after(Some(Meant::Number(0))),
            [Meant::Number(20)] => again_after(Some(Meant::Soon)),
            _ => once,
        }
    }
}

fn any_value(random: &mut Random) -> Vec<u8> {
    random.one_of(&VALUES).to_vec()
}
