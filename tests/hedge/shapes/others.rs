//! Error types and attributes of other crates.

use super::{Client, E, Owned, Tail, send, spawned};

mod errors {
    //! The error types that people have.
    use resil::{circuit, hedge, timeout};

    #[circuit]
    #[hedge(after = 1ms)]
    #[timeout(500ms)]
    pub(super) async fn anyhow_(n: u32) -> anyhow::Result<u32> {
        anyhow::ensure!(n > 0, "zero");
        Ok(n)
    }

    #[hedge(after = 1ms)]
    #[timeout(500ms)]
    pub(super) async fn eyre_(n: u32) -> eyre::Result<u32> {
        Ok(n)
    }

    #[hedge(after = 1ms)]
    #[timeout(500ms)]
    pub(super) async fn io_(n: u32) -> std::io::Result<u32> {
        Ok(n)
    }

    type Boxed = Box<dyn std::error::Error + Send + Sync>;

    #[hedge(after = 1ms)]
    #[circuit]
    pub(super) async fn boxed(n: &str) -> Result<u32, Boxed> {
        Ok(n.parse::<u32>()?)
    }

    #[circuit]
    #[hedge(after = 1ms)]
    #[timeout(500ms)]
    pub(super) async fn own(n: u32) -> Result<u32, resil::Error> {
        Ok(n)
    }

    // No `From<resil::Error>`: hedge asks for none.
    #[hedge(after = 1ms)]
    pub(super) async fn parse(n: &str) -> Result<u32, std::num::ParseIntError> {
        n.parse()
    }
}

mod instrumented {
    //! `#[instrument]` above, below and between: the place where it is written is its place.
    use super::{E, Owned, Tail};
    use resil::{circuit, hedge, timeout};
    use tracing::instrument;

    #[instrument(skip_all)]
    #[circuit]
    #[hedge(after = 1ms)]
    pub(super) async fn above(t: &Tail, o: Owned) -> Result<usize, E> {
        t.ask().await?;
        Ok(o.0.len())
    }

    #[circuit]
    #[hedge(after = 1ms)]
    #[instrument(skip(t), err, ret)]
    pub(super) async fn below(t: &Tail, o: Owned) -> Result<usize, E> {
        t.ask().await?;
        Ok(o.0.len())
    }

    #[hedge(after = 1ms)]
    #[tracing::instrument(skip_all, err)]
    #[timeout(1s)]
    pub(super) async fn between(t: &Tail, o: Owned) -> Result<usize, E> {
        t.ask().await?;
        Ok(o.0.len())
    }

    #[async_trait::async_trait]
    pub(super) trait T {
        async fn above(&self, o: Owned) -> Result<usize, E>;
        async fn below(&self, o: Owned) -> Result<usize, E>;
    }

    #[async_trait::async_trait]
    impl T for super::Client {
        #[instrument(skip_all)]
        #[hedge(after = 1ms)]
        async fn above(&self, o: Owned) -> Result<usize, E> {
            self.tail.ask().await?;
            Ok(o.0.len())
        }

        #[hedge(after = 1ms)]
        #[instrument(skip_all)]
        async fn below(&self, o: Owned) -> Result<usize, E> {
            self.tail.ask().await?;
            Ok(o.0.len())
        }
    }
}

#[tokio::test]
async fn errors_and_attributes_of_others() {
    assert_eq!(spawned(errors::anyhow_(1)).await.unwrap(), 1);
    assert_eq!(spawned(errors::eyre_(1)).await.unwrap(), 1);
    assert_eq!(spawned(errors::io_(1)).await.unwrap(), 1);
    assert_eq!(send(errors::boxed("1")).await.unwrap(), 1);
    assert!(errors::parse("x").await.is_err());
    assert_eq!(spawned(errors::own(1)).await, Ok(1));
    let o = || Owned("four".into());
    assert_eq!(
        send(instrumented::above(&Tail::default(), o()))
            .await
            .unwrap(),
        4
    );
    assert_eq!(
        send(instrumented::below(&Tail::default(), o()))
            .await
            .unwrap(),
        4
    );
    assert_eq!(
        send(instrumented::between(&Tail::default(), o()))
            .await
            .unwrap(),
        4
    );
    use instrumented::T;
    assert_eq!(send(T::above(&Client::new(), o())).await.unwrap(), 4);
    assert_eq!(send(T::below(&Client::new(), o())).await.unwrap(), 4);
}
