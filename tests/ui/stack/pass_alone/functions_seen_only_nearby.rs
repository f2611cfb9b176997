//! Visibilities: `pub(in path)`, `pub(super)`, an error and a constant that only the
//! module knows; functions inside a function and in an anonymous block.
#![deny(warnings, unreachable_pub, private_interfaces, unused_qualifications)]

mod bank {
    pub(crate) mod wire {
        mod protocol {
            use std::time::Duration;

            use resil::{circuit, retry, timeout};

            const LIMIT: Duration = Duration::from_secs(2);
            const BUSY: u16 = 503;

            #[circuit(name = "wire")]
            #[timeout(LIMIT)]
            #[retry(base = 1ms)]
            #[timeout(const { LIMIT.checked_div(2).unwrap() })]
            pub(in crate::bank) async fn send(iban: &str) -> Result<usize, resil::Error> {
                Ok(check(iban).await.map_or(0, str::len))
            }

            #[retry(base = 1ms, on(BUSY))]
            async fn check(iban: &str) -> Result<&str, u16> {
                if iban.len() < 4 { Err(BUSY) } else { Ok(iban) }
            }
        }

        pub(super) use protocol::send;
    }

    pub(super) async fn pay(iban: &str) -> Result<usize, resil::Error> {
        wire::send(iban).await
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    const SPARE: u32 = 1;
    #[resil::retry(max = SPARE + 1, base = 1ms)]
    async fn local(runs: &mut Vec<u32>) -> Result<(), usize> {
        runs.push(SPARE);
        Err(runs.len())
    }

    assert_eq!(bank::pay("DE07").await, Ok(4));
    assert_eq!(bank::pay("DE").await, Ok(0));
    assert_eq!(local(&mut vec![]).await, Err(2));
    let inside = {
        #[resil::timeout(1s)]
        async fn local() -> Result<u8, resil::Error> {
            Ok(8)
        }
        local().await
    };
    assert_eq!(inside, Ok(8));
}
