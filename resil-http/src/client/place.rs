//! Where a call was going, for its errors.

use std::fmt;

/// Where a call was going: the client, and the host and port of the endpoint, or of the URL. No name, no
/// password, no path and no query is in it.
///
/// It is shown in front of what has failed: `` `pay` to pay:8080: ``.
#[derive(Default)]
pub struct Place(Option<Box<Known>>);

struct Known {
    client: &'static str,
    authority: Option<Box<str>>,
}

impl Place {
    /// Returns the name of the client.
    pub fn client(&self) -> Option<&'static str> {
        self.0.as_ref().map(|known| known.client)
    }

    /// Returns the host and the port, such as `pay:8080`. `None` where no URL could be read, and where no endpoint was
    /// picked.
    pub fn authority(&self) -> Option<&str> {
        self.0.as_ref()?.authority.as_deref()
    }

    /// Fills in what is not known yet.
    pub(super) fn fill(
        &mut self,
        client: &'static str,
        authority: impl FnOnce() -> Option<String>,
    ) {
        let known = self.0.get_or_insert_with(|| {
            Box::new(Known {
                client,
                authority: None,
            })
        });
        if known.authority.is_none() {
            known.authority = authority().map(String::into_boxed_str);
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.client(), self.authority()) {
            (Some(client), Some(authority)) => write!(f, "`{client}` to {authority}: "),
            (Some(client), None) => write!(f, "`{client}`: "),
            (None, _) => Ok(()),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place")
            .field("client", &self.client())
            .field("authority", &self.authority())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_first_stays_and_what_is_missing_is_filled_in() {
        let mut place = Place::default();
        assert_eq!(place.to_string(), "");
        place.fill("pay", || None);
        assert_eq!(place.to_string(), "`pay`: ");
        place.fill("other", || Some("pay:80".to_owned()));
        place.fill("other", || Some("late:80".to_owned()));
        assert_eq!(place.to_string(), "`pay` to pay:80: ");
        assert_eq!(
            (place.client(), place.authority()),
            (Some("pay"), Some("pay:80"))
        );
    }
}
