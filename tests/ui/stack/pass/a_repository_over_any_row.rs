//! Generic impls with higher-ranked bounds, const generics, `where` clauses and closures that
//! borrow from what they are given.
#![deny(warnings, unused_qualifications, single_use_lifetimes)]
use std::cell::Cell;
use std::fmt::Debug;

use resil::{Error, circuit, retry, timeout};

struct Repository<'db, R, const PAGE: usize> {
    rows: &'db [R],
    failures: Cell<u32>,
}

impl<'db, R, const PAGE: usize> Repository<'db, R, PAGE>
where
    R: Debug + Clone + 'static,
    for<'r> &'r R: PartialOrd,
{
    #[circuit(failures = 99)]
    #[timeout(9s)]
    #[retry(base = 1ms)]
    #[timeout(1s)]
    async fn page<F>(&self, number: usize, pick: F) -> Result<[Option<&'db R>; PAGE], Error>
    where
        F: for<'r> Fn(&'r R) -> Option<&'r R>,
    {
        let mut page = [None; PAGE];
        let rows = self.rows.chunks(PAGE).nth(number).unwrap_or_default();
        for (slot, row) in page.iter_mut().zip(rows) {
            *slot = pick(row);
        }
        Ok(page)
    }

    #[retry(base = 1ms)]
    async fn largest<E>(
        &self,
        check: &dyn for<'r> Fn(&'r R) -> Result<(), E>,
    ) -> Result<R, Option<E>> {
        self.failures.set(self.failures.get() + 1);
        if self.failures.get() < 3 {
            return Err(None);
        }
        let mut largest = self.rows.first().ok_or(None)?;
        for row in self.rows {
            check(row).map_err(Some)?;
            if row > largest {
                largest = row;
            }
        }
        Ok(largest.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn main() {
    let rows = [3, 9, 4];
    let page = {
        let repository = Repository::<_, 2> {
            rows: &rows,
            failures: Cell::new(0),
        };
        assert_eq!(repository.largest(&|_| Ok::<(), ()>(())).await, Ok(9));
        repository.page(1, |row| Some(row)).await
    };
    assert_eq!(page, Ok([Some(&4), None]), "it outlives the repository");
}
