//! `self` by value: what an attempt changes, it changes on a clone that the body makes.
#![deny(warnings, unused_qualifications)]
use std::cell::RefCell;
use std::rc::Rc;

use resil::retry;

#[derive(Clone)]
struct Query {
    filters: Vec<String>,
    seen: Rc<RefCell<Vec<usize>>>,
}

impl Query {
    #[retry(linear, base = 1ms, jitter = none)]
    async fn run(self, tenant: &str) -> Result<String, String> {
        let mut this = self.clone();
        this.filters.push(format!("tenant={tenant}"));
        self.seen.borrow_mut().push(this.filters.len());
        match self.seen.borrow().len() {
            1 | 2 => Err("deadlock detected".to_owned()),
            _ => Ok(this.filters.join("&")),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let seen = Rc::default();
    let query = Query {
        filters: vec!["paid=1".into()],
        seen: Rc::clone(&seen),
    };
    assert_eq!(query.run("acme").await.as_deref(), Ok("paid=1&tenant=acme"));
    assert_eq!(*seen.borrow(), [2, 2, 2]);
}
