//! A client whose methods call one another, and a recursion: one name, one breaker, which recovers.

use std::collections::HashMap;
use std::time::Duration;

use resil::{CircuitState, breaker, circuit, retry, timeout};

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("down")]
    Down,
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

struct Tree {
    up: bool,
    children: HashMap<u32, Vec<u32>>,
}

impl Tree {
    #[circuit(name = "tree", failures = 2, open_for = 1s)]
    #[timeout(10s)]
    #[retry(max = 2, base = 1ms)]
    async fn size(&self, node: u32) -> Result<usize, Fault> {
        let mut all = 1;
        for child in self.children_of(node).await? {
            all += Box::pin(self.size(*child)).await?;
        }
        Ok(all)
    }

    #[circuit(name = "tree")]
    async fn children_of(&self, node: u32) -> Result<&[u32], Fault> {
        if !self.up {
            return Err(Fault::Down);
        }
        Ok(self.children.get(&node).map_or(&[], Vec::as_slice))
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let children = HashMap::from([(1, vec![2, 3]), (2, vec![4, 5]), (3, vec![6])]);
    let mut tree = Tree { up: true, children };
    assert_eq!(tree.size(1).await.unwrap(), 6);
    tree.up = false;
    for _ in 0..2 {
        assert!(matches!(tree.size(1).await, Err(Fault::Down)));
    }
    assert_eq!(breaker("tree").state(), CircuitState::Open);
    tree.up = true;
    assert!(matches!(tree.size(1).await, Err(Fault::Resil(_))));
    tokio::time::advance(Duration::from_millis(1_200)).await;
    assert_eq!(tree.size(1).await.unwrap(), 6);
    assert_eq!(breaker("tree").state(), CircuitState::Closed);
}
