//! The classes of resil's own errors and of `std::io::Error`.

use std::io;

use super::chain::find;
use super::class::{Class, Classify};
use crate::compact_duration::CompactDuration;
use crate::error::{Error, RefusalKind};

impl Classify for Error {
    fn classify(&self) -> Class {
        match self {
            // The caller's own deadline says nothing about the other side.
            Self::Timeout {
                inherited: true, ..
            } => Class::Neutral,
            // An injected error stands for one of the other side.
            Self::Timeout { .. } | Self::Injected { .. } => Class::Transient,
            Self::RateLimited {
                retry_after: retry_after @ Some(_),
                ..
            } => Class::Limited {
                retry_after: *retry_after,
            },
            // Refused before the body ran.
            _ => Class::Neutral,
        }
    }
}

impl RefusalKind {
    /// Returns the class of the [`Error`]s of this kind.
    pub(crate) fn class(self) -> Class {
        match self {
            Self::Timeout { inherited: false } | Self::Injected => Class::Transient,
            Self::RateLimited {
                is_possible: true,
                retry_after,
            } => Class::Limited {
                retry_after: retry_after.map(CompactDuration::get),
            },
            _ => Class::Neutral,
        }
    }
}

impl Classify for io::Error {
    /// Classifies by the [`kind`](io::Error::kind). Faults of the connection, passing faults and
    /// unknown kinds are transient; faults of the request or of this machine's state are permanent.
    /// Having no free port to connect from (`AddrNotAvailable`) is passing. An error inside whose
    /// class is known ([`find`]) decides instead.
    fn classify(&self) -> Class {
        use io::ErrorKind as K;

        if let Some(inner) = self.get_ref()
            && let Some(class) = find(inner)
        {
            return class;
        }
        match self.kind() {
            K::NotFound
            | K::PermissionDenied
            | K::AlreadyExists
            | K::InvalidInput
            | K::InvalidData
            | K::Unsupported
            | K::NotADirectory
            | K::IsADirectory
            | K::DirectoryNotEmpty
            | K::ReadOnlyFilesystem
            | K::StorageFull
            | K::FileTooLarge
            | K::InvalidFilename
            | K::ArgumentListTooLong
            | K::CrossesDevices => Class::Permanent,
            _ => Class::Transient,
        }
    }
}
