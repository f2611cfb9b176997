//! What headers are made of: each value means something, or is nearly what does.

/// Random numbers: xorshift.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn of(number: u32) -> Self {
        Self((u64::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }

    pub(crate) fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// What a header asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meant {
    /// Nothing: it can't be read.
    Nothing,
    /// A number: seconds, milliseconds, or a status.
    Number(u64),
    /// A number of seconds that is not whole.
    Soon,
    /// One byte of what could be read was replaced.
    Unknown,
}

pub(crate) const RETRY_AFTER: [(&[u8], Meant); 28] = [
    (b"0", Meant::Number(0)),
    (b"000", Meant::Number(0)),
    (b"0.0", Meant::Number(0)),
    (b"0.02", Meant::Soon),
    (b"0.0200000009999999999", Meant::Soon),
    // Within the cap of the retry, and beyond `total`.
    (b"16", Meant::Number(16)),
    (b"19.5", Meant::Number(19)),
    (b"3600", Meant::Number(3600)),
    (b"1000000000000", Meant::Number(1_000_000_000_000)),
    (b"18446744073709551615", Meant::Number(u64::MAX)),
    (b"99999999999999999999999", Meant::Number(u64::MAX)),
    (b"Sun, 06 Nov 1994 08:49:37 GMT", Meant::Number(0)),
    (b"Sunday, 06-Nov-94 08:49:37 GMT", Meant::Number(0)),
    (b"Sun Nov  6 08:49:37 1994", Meant::Number(0)),
    (b"Thu, 01 Jan 0000 00:00:00 GMT", Meant::Number(0)),
    (b"Fri, 31 Dec 9999 23:59:60 GMT", Meant::Number(u64::MAX)),
    (b"-1", Meant::Nothing),
    (b"+5", Meant::Nothing),
    (b"1e3", Meant::Nothing),
    (b"NaN", Meant::Nothing),
    (b"1.", Meant::Nothing),
    (b".5", Meant::Nothing),
    (b"1.5.2", Meant::Nothing),
    (b"", Meant::Nothing),
    (b"soon", Meant::Nothing),
    (b"Sun, 99 Nov 1994 08:49:37 GMT", Meant::Nothing),
    (b"Sun, 06 Nov 1994 99:49:37 GMT", Meant::Nothing),
    (b"\xef\xbc\x91", Meant::Nothing),
];

pub(crate) const STATUS: [(&[u8], Meant); 14] = [
    (b"0", Meant::Number(0)),
    (b"1", Meant::Number(1)),
    (b"4", Meant::Number(4)),
    (b"5", Meant::Number(5)),
    (b"8", Meant::Number(8)),
    (b"14", Meant::Number(14)),
    (b"14", Meant::Number(14)),
    (b"16", Meant::Number(16)),
    (b"17", Meant::Number(17)),
    (b"4294967296", Meant::Nothing),
    (b"-1", Meant::Nothing),
    (b"0.0", Meant::Nothing),
    (b"", Meant::Nothing),
    (b"\xff", Meant::Nothing),
];

pub(crate) const PUSHBACK: [(&[u8], Meant); 10] = [
    (b"0", Meant::Number(0)),
    (b"20", Meant::Number(20)),
    (b"16000", Meant::Number(16_000)),
    (b"2147483647", Meant::Number(2_147_483_647)),
    (b"2147483648", Meant::Nothing),
    (b"1000000000000", Meant::Nothing),
    (b"-1", Meant::Nothing),
    (b"1.5", Meant::Nothing),
    (b"", Meant::Nothing),
    (b"20\xff", Meant::Nothing),
];

/// What the client does not read, or only that it is there.
pub(crate) const VALUES: [&[u8]; 8] = [
    b"true",
    b"false",
    b"\"api\";r=0;t=1000000000000",
    b"\"api\";q=-1;w=\xff",
    b"1000000000000",
    b"",
    b"application/grpc",
    b"Sun, 06 Nov 1994 08:49:37 GMT",
];

pub(crate) const OTHERS: [&str; 10] = [
    "RateLimit",
    "RateLimit-Policy",
    "X-RateLimit-Reset",
    "x-envoy-ratelimited",
    "x-envoy-upstream-service-time",
    "x-envoy-attempt-count",
    "x-envoy-max-retries",
    "content-type",
    "grpc-message",
    "date",
];

pub(crate) const LOCATIONS: [&[u8]; 9] = [
    b"",
    b"/2",
    b"#",
    b"?",
    b"/\xe9",
    b"http://[",
    b"ftp://127.0.0.1/",
    b"http://127.0.0.1:1/",
    b"https://127.0.0.1:1/",
];

/// A byte that a value may have anywhere in it.
pub(crate) fn legal(random: &mut Random) -> u8 {
    match random.below(256) {
        byte @ (0x21..=0x7e | 0x80..) => u8::try_from(byte).unwrap(),
        _ => b'1',
    }
}

/// A value and random bytes behind it.
pub(crate) fn noise(random: &mut Random, begin: impl Fn(&mut Random) -> Vec<u8>) -> Vec<u8> {
    let mut value = begin(random);
    for _ in 0..random.below(12) {
        value.push(legal(random));
    }
    value
}
