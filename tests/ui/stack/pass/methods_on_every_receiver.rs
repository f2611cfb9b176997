//! `&self`, `&mut self`, `self`, `self: Arc<Self>`, `self: Pin<&mut Self>`, `self: &Rc<Self>`; on
//! enums, on references, on foreign types through a trait of one's own.
#![deny(warnings, unused_qualifications)]
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use resil::{Error, retry, timeout};

#[derive(Debug, Clone, PartialEq)]
enum Link {
    Up { uses: u32 },
    Down,
}

impl Link {
    fn touch(&mut self) -> Result<u32, Error> {
        match self {
            Self::Up { uses } => {
                *uses += 1;
                Ok(*uses)
            }
            Self::Down => Ok(0),
        }
    }

    #[timeout(9s)]
    #[retry(base = 1ms, on_ok(1 | 2))]
    #[timeout(1s)]
    async fn by_mut(&mut self) -> Result<u32, Error> {
        self.touch()
    }

    #[retry(base = 1ms, on_ok(1 | 2))]
    async fn pinned(self: Pin<&mut Self>) -> Result<u32, Error> {
        match self.as_ref().get_ref() {
            Self::Up { uses } => Ok(*uses),
            Self::Down => Ok(0),
        }
    }

    #[timeout(9s)]
    #[retry(base = 1ms)]
    async fn counted(self: &Rc<Self>) -> Result<usize, Error> {
        Ok(Rc::strong_count(self))
    }

    #[timeout(1s)]
    async fn shared(self: Arc<Self>) -> Result<Arc<Self>, Error> {
        Ok(self)
    }

    #[timeout(1s)]
    async fn consumed(mut self) -> Result<Self, Error> {
        self.touch()?;
        Ok(self)
    }
}

trait Ping {
    async fn ping(self) -> Result<u16, Error>;
}

impl Ping for (&str, u16) {
    #[timeout(1s)]
    #[retry(base = 1ms)]
    async fn ping(self) -> Result<u16, Error> {
        Ok(self.1 + self.0.len() as u16)
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let mut link = Link::Up { uses: 0 };
    assert_eq!(link.by_mut().await, Ok(3));
    assert_eq!(Link::Down.by_mut().await, Ok(0));
    assert_eq!(Pin::new(&mut link).pinned().await, Ok(3));
    assert_eq!(Rc::new(link.clone()).counted().await, Ok(1));
    let link = Arc::new(link).shared().await.unwrap();
    assert_eq!(
        Arc::unwrap_or_clone(link).consumed().await,
        Ok(Link::Up { uses: 4 })
    );
    assert_eq!(("::1", 80).ping().await, Ok(83));
}
