//! Endpoints from DNS: each address of a name is one, and the name is asked for again by the TTL of the answer.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::config::{NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{RData, RecordType};
use hickory_resolver::{Resolver, TokioResolver};
use resil_runtime::clock;
use url::Host;

use super::{Sink, Update};
use crate::balance::endpoint::Endpoint;
use crate::balance::error::{EndpointFault, EndpointsError};
use crate::balance::mask::MAX_ENDPOINTS;
use crate::shown::shown_text;

/// A service whose addresses are asked of DNS, each of which is an endpoint.
///
/// The name is asked for again when the TTL of the answer is over: the least of its records, but no less than
/// [`min_ttl`](Self::min_ttl) and no more than [`max_ttl`](Self::max_ttl). This happens in the background.
/// Where DNS fails, is slow, or has no usable address, the endpoints stay as they are, the
/// [figures](super::super::PoolStats) say so, and it is asked again after `min_ttl`, then after twice as long,
/// up to `max_ttl`.
///
/// An address that is none of a service (0.0.0.0, `::`, multicast, broadcast, and link-local: 169.254.0.0/16, where
/// clouds answer with credentials, and `fe80::/10`, which lacks its zone) and one of another family than was asked for
/// are left out, and told.
#[derive(Debug, Clone)]
#[must_use]
pub struct Dns {
    base: Endpoint,
    name: Box<str>,
    family: Family,
    servers: Vec<SocketAddr>,
    min_ttl: Duration,
    max_ttl: Duration,
    timeout: Duration,
}

/// The addresses that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Family {
    /// IPv4; IPv6 if there is no address of IPv4. A server that has both must not be two endpoints.
    #[default]
    V4ThenV6,
    /// IPv4 alone.
    V4,
    /// IPv6 alone.
    V6,
}

impl Dns {
    /// Creates the settings for a service such as `http://pay.internal:8080`. The resolver is that of the system,
    /// with its search domains and its hosts file.
    ///
    /// # Errors
    ///
    /// Returns an error that says what is wrong with `service`: it is no endpoint, or has an address for a name.
    pub fn of(service: impl AsRef<str>) -> Result<Self, EndpointsError> {
        let text = service.as_ref();
        let faulty = |fault| EndpointsError::Service {
            text: shown_text(text).into(),
            fault,
        };
        let base: Endpoint = text.parse().map_err(faulty)?;
        let Host::Domain(name) = base.host() else {
            return Err(faulty(EndpointFault::NoName));
        };
        Ok(Self {
            name: name.as_str().into(),
            base,
            family: Family::default(),
            servers: Vec::new(),
            min_ttl: Duration::from_secs(1),
            max_ttl: Duration::from_secs(300),
            timeout: Duration::from_secs(5),
        })
    }

    /// Sets which addresses are asked for. Default: those of IPv4, and those of IPv6 if there are none.
    pub fn family(mut self, family: Family) -> Self {
        self.family = family;
        self
    }

    /// Asks this server in the place of those of the system, such as a Consul agent on port 8600. It may be
    /// called several times, for several servers. The name is then asked for as it is, without search domains
    /// and without the hosts file.
    pub fn server(mut self, server: SocketAddr) -> Self {
        self.servers.push(server);
        self
    }

    /// Sets the least time between two questions; at least 1 ms. Default: 1 s.
    pub fn min_ttl(mut self, ttl: Duration) -> Self {
        self.min_ttl = ttl.max(Duration::from_millis(1));
        self
    }

    /// Sets the longest time for which an answer is used without another question, whatever its TTL is; at
    /// least `min_ttl`. Default: 5 min.
    pub fn max_ttl(mut self, ttl: Duration) -> Self {
        self.max_ttl = ttl;
        self
    }

    /// Sets the time after which a question that has no answer is given up. Default: 5 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Returns the service.
    pub(in crate::balance) fn base(&self) -> &Endpoint {
        &self.base
    }

    fn ttl(&self, ttl: Duration) -> Duration {
        ttl.min(self.max_ttl).max(self.min_ttl)
    }

    pub(in crate::balance) fn resolver(&self) -> Result<TokioResolver, NetError> {
        let mut builder = if self.servers.is_empty() {
            Resolver::builder_tokio()?
        } else {
            let servers = self.servers.iter().map(|server| {
                let mut config = NameServerConfig::udp_and_tcp(server.ip());
                for connection in &mut config.connections {
                    connection.port = server.port();
                }
                config
            });
            let config = ResolverConfig::from_name_servers(servers.collect());
            Resolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        // A datagram may be lost: there is time for a second one.
        options.timeout = self.timeout / 2;
        options.attempts = 1;
        // The answer is kept here, as long as it may be.
        options.cache_size = 0;
        builder.build()
    }
}

/// An answer of DNS.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answer {
    addresses: Vec<IpAddr>,
    /// The least TTL of its records, in seconds.
    ttl: Option<u32>,
    /// What is wrong with it, in words.
    faults: Vec<String>,
    /// Whether there was none: then nothing is known, not even that there are no addresses.
    has_failed: bool,
}

impl Answer {
    /// Sorts out one record.
    fn take(&mut self, data: &RData, kind: RecordType, ttl: u32) {
        let (address, fits) = match data {
            RData::A(a) => (IpAddr::V4(a.0), kind == RecordType::A),
            RData::AAAA(aaaa) => (IpAddr::V6(aaaa.0), kind == RecordType::AAAA),
            // An alias: how long it holds counts, too.
            _ => {
                self.ttl = Some(self.ttl.map_or(ttl, |least| least.min(ttl)));
                return;
            }
        };
        let fault = if fits {
            unusable(address)
        } else {
            Some("is of another family than was asked for")
        };
        if let Some(fault) = fault {
            self.faults.push(format!("{address} {fault}"));
            return;
        }
        self.ttl = Some(self.ttl.map_or(ttl, |least| least.min(ttl)));
        if !self.addresses.contains(&address) {
            self.addresses.push(address);
        }
    }
}

/// Returns why nothing is sent to `address`.
fn unusable(address: IpAddr) -> Option<&'static str> {
    if address.is_unspecified() {
        return Some("is no address of a host");
    }
    if address.is_multicast() {
        return Some("is a multicast address");
    }
    match address {
        IpAddr::V4(v4) if v4.is_broadcast() => Some("is the broadcast address"),
        // A cloud tells the machine's own credentials at one of them.
        IpAddr::V4(v4) if v4.is_link_local() => Some("is link-local"),
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => {
            Some("is an address of IPv4 in an answer of IPv6")
        }
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Some("is link-local, without its zone"),
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}

async fn ask(dns: &Dns, resolver: &TokioResolver, kind: RecordType) -> Answer {
    let mut answer = Answer::default();
    let until = clock::add(clock::now(), dns.timeout);
    match clock::within(until, resolver.lookup(&*dns.name, kind)).await {
        Some(Ok(lookup)) => {
            for record in lookup.answers() {
                answer.take(&record.data, kind, record.ttl);
            }
        }
        Some(Err(NetError::Dns(DnsError::NoRecordsFound(none)))) => {
            let code = none.response_code;
            answer.faults.push(format!("no {kind} record ({code})"));
        }
        Some(Err(error)) => {
            answer.has_failed = true;
            answer.faults.push(format!("no answer for {kind}: {error}"));
        }
        None => {
            answer.has_failed = true;
            answer
                .faults
                .push(format!("no answer for {kind} within {:?}", dns.timeout));
        }
    }
    answer
}

impl Answer {
    /// Leaves out the addresses that are too many, and tells it.
    fn leave_out(&mut self) {
        let left_out = self.addresses.len().saturating_sub(MAX_ENDPOINTS);
        if left_out > 0 {
            self.addresses.truncate(MAX_ENDPOINTS);
            self.faults.push(format!(
                "more than {MAX_ENDPOINTS} addresses: {left_out} are left out"
            ));
        }
    }
}

async fn ask_all(dns: &Dns, resolver: &TokioResolver) -> Answer {
    let kind = match dns.family {
        Family::V6 => RecordType::AAAA,
        Family::V4 | Family::V4ThenV6 => RecordType::A,
    };
    let first = ask(dns, resolver, kind).await;
    if dns.family != Family::V4ThenV6 || first.has_failed || !first.addresses.is_empty() {
        return first;
    }
    let mut second = ask(dns, resolver, RecordType::AAAA).await;
    if second.addresses.is_empty() {
        second.faults.splice(0..0, first.faults);
    }
    second
}

/// Asks again and again, and tells `sink` of what is new, until nobody is left.
pub(in crate::balance) async fn follow(dns: Dns, resolver: TokioResolver, sink: impl Sink) {
    let mut after_failure = dns.min_ttl;
    loop {
        let mut answer = ask_all(&dns, &resolver).await;
        answer.leave_out();
        let mut goes_on = true;
        if !answer.faults.is_empty() {
            let stay = if answer.addresses.is_empty() {
                ": the endpoints stay as they are"
            } else {
                ""
            };
            let faults = answer.faults.join(", ");
            goes_on = sink.tell(Update::Wrong(format!(
                "DNS of `{}`: {faults}{stay}",
                dns.name
            )));
        }
        let pause = if answer.addresses.is_empty() {
            let pause = dns.ttl(after_failure);
            after_failure = pause.saturating_mul(2);
            pause
        } else {
            after_failure = dns.min_ttl;
            let port = dns.base.port();
            let known = answer.addresses.iter();
            let known =
                known.filter_map(|ip| Endpoint::of_address(&dns.base, SocketAddr::new(*ip, port)));
            goes_on = sink.tell(Update::Known(known.collect())) && goes_on;
            dns.ttl(Duration::from_secs(answer.ttl.unwrap_or(0).into()))
        };
        if !goes_on {
            return;
        }
        clock::sleep_until(clock::add(clock::now(), pause)).await;
    }
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::rr::rdata::{A, AAAA};

    use super::*;

    fn dns() -> Dns {
        Dns::of("http://pay.internal:8080").unwrap()
    }

    #[test]
    fn addresses_that_are_too_many_are_left_out_and_told() {
        let most = u32::try_from(MAX_ENDPOINTS).unwrap();
        for (count, faults) in [
            (most, &[][..]),
            (most + 2, &["more than 1024 addresses: 2 are left out"]),
        ] {
            let mut answer = Answer {
                addresses: (1..=count).map(|n| IpAddr::V4(n.into())).collect(),
                ..Answer::default()
            };
            answer.leave_out();
            assert_eq!(answer.addresses.len(), MAX_ENDPOINTS);
            assert_eq!(answer.addresses[0], IpAddr::V4(1.into()));
            assert_eq!(answer.faults, faults);
        }
    }

    #[test]
    fn a_ttl_is_held_between_its_bounds_and_the_least_wins() {
        let dns = dns()
            .min_ttl(Duration::from_secs(5))
            .max_ttl(Duration::from_secs(60));
        for (ttl, held) in [(0, 5), (5, 5), (30, 30), (60, 60), (86_400, 60)] {
            assert_eq!(
                dns.ttl(Duration::from_secs(ttl)),
                Duration::from_secs(held),
                "{ttl}"
            );
        }
        // Bounds that cross: the question is never asked more often than the lower one says.
        let crossed = dns.max_ttl(Duration::ZERO);
        assert_eq!(crossed.ttl(Duration::from_secs(30)), Duration::from_secs(5));
    }

    #[test]
    fn what_nothing_can_be_sent_to_is_left_out_and_told() {
        let lies = [
            ("0.0.0.0", "0.0.0.0 is no address of a host"),
            (
                "255.255.255.255",
                "255.255.255.255 is the broadcast address",
            ),
            ("224.0.0.1", "224.0.0.1 is a multicast address"),
            ("169.254.169.254", "169.254.169.254 is link-local"),
            ("::", ":: is of another family than was asked for"),
            (
                "2001:db8::1",
                "2001:db8::1 is of another family than was asked for",
            ),
        ];
        let record = |text: &str| match text.parse::<IpAddr>().unwrap() {
            IpAddr::V4(v4) => RData::A(A(v4)),
            IpAddr::V6(v6) => RData::AAAA(AAAA(v6)),
        };
        for (lie, told) in lies {
            let mut answer = Answer::default();
            answer.take(&record(lie), RecordType::A, 0);
            answer.take(&record("10.0.0.1"), RecordType::A, 9);
            answer.take(&record("10.0.0.1"), RecordType::A, 30);
            assert_eq!(answer.faults, [told]);
            assert_eq!(answer.addresses, ["10.0.0.1".parse::<IpAddr>().unwrap()]);
            assert_eq!(answer.ttl, Some(9), "that of a lie does not count");
        }
        for lie in ["::", "ff02::1", "fe80::1", "::ffff:10.0.0.1", "10.0.0.1"] {
            let mut answer = Answer::default();
            answer.take(&record(lie), RecordType::AAAA, 60);
            assert!(answer.addresses.is_empty(), "{lie}");
            assert!(answer.faults[0].starts_with(lie), "{answer:?}");
        }
    }

    #[test]
    fn a_service_that_has_no_name_is_refused_with_a_reason() {
        let error = |text: &str| Dns::of(text).unwrap_err().to_string();
        assert_eq!(
            error("http://10.0.0.1:80"),
            "`http://10.0.0.1:80` is an address and no name that DNS could resolve: write it as a list, \
             `Endpoints::list`"
        );
        assert_eq!(
            error("pay.internal:8080"),
            "`pay.internal:8080` has no scheme: write `http://` or `https://` in front of it"
        );
    }
}
