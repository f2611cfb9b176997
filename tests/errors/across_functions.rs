//! Across a function border a refusal has become `E`, and is known again.

use resil::{circuit, retry};

use crate::classify::Api;
use crate::support::Record;

macro_rules! border {
    ($name:ident, $e:ty, $circuit:literal) => {
        #[tokio::test(start_paused = true)]
        async fn $name() {
            #[circuit(name = $circuit)]
            async fn inner() -> Result<(), $e> {
                Ok(())
            }
            #[circuit(failures = 2)]
            async fn around(r: &Record) -> Result<(), $e> {
                r.attempt();
                inner().await?;
                Ok(())
            }
            #[retry(base = 1ms)]
            async fn outer(r: &Record) -> Result<(), $e> {
                r.attempt();
                inner().await?;
                Ok(())
            }
            inner().await.unwrap();
            resil::breaker($circuit).force_open();
            let r = Record::new();
            assert!(outer(&r).await.is_err());
            assert_eq!(
                r.count(),
                1,
                "an outer retry does not hammer an inner open circuit"
            );
            let r = Record::new();
            for _ in 0..5 {
                assert!(around(&r).await.is_err());
            }
            assert_eq!(r.count(), 5, "to an outer circuit the refusal is neutral");
        }
    };
}

border!(through_resil_error, resil::Error, "border.resil");
border!(through_anyhow, anyhow::Error, "border.anyhow");
border!(through_eyre, eyre::Report, "border.eyre");
border!(
    through_box,
    Box<dyn std::error::Error + Send + Sync>,
    "border.box"
);
border!(
    through_local_box,
    Box<dyn std::error::Error>,
    "border.local"
);
border!(through_io, std::io::Error, "border.io");
border!(through_forward, Api, "border.forward");

#[tokio::test(start_paused = true)]
async fn through_anyhow_with_context() {
    use anyhow::Context;
    #[retry(base = 1ms)]
    async fn outer(r: &Record, e: fn() -> anyhow::Error) -> anyhow::Result<()> {
        r.attempt();
        Err(e()).context("while paying").context("an order")
    }
    #[circuit(name = "border.context")]
    async fn inner() -> Result<(), resil::Error> {
        Ok(())
    }
    resil::breaker("border.context").force_open();
    assert!(inner().await.is_err());
    let r = Record::new();
    let refused = || {
        resil::breaker("border.context")
            .try_acquire()
            .unwrap_err()
            .into()
    };
    let _ = outer(&r, refused).await;
    assert_eq!(r.count(), 1);
    let r = Record::new();
    let _ = outer(&r, || anyhow::anyhow!("anything else")).await;
    assert_eq!(r.count(), 3);
}
