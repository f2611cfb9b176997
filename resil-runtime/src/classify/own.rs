//! The classes of resil's own errors and of `std::io::Error`.

use std::io;

use super::chain::find;
use super::class::{Class, Classify};
use crate::error::{Error, RefusalKind};

impl Classify for Error {
    fn classify(&self) -> Class {
        match self {
            // A caller's own deadline that passed says nothing of what was called.
            Self::Timeout {
                inherited: true, ..
            } => Class::Neutral,
            Self::Timeout { .. } => Class::Transient,
            // Refused before the body ran.
            _ => Class::Neutral,
        }
    }
}

impl RefusalKind {
    /// Returns the class of the [`Error`]s of this kind.
    pub(crate) fn class(self) -> Class {
        match self {
            Self::Timeout { inherited: false } => Class::Transient,
            _ => Class::Neutral,
        }
    }
}

impl Classify for io::Error {
    /// By its kind: faults of the connection, of the moment and of an unknown kind are transient,
    /// what the request or the machine's state is to blame for is permanent. No free port to
    /// connect from (`AddrNotAvailable`) is of the moment. An error inside whose class is known
    /// ([`find`]) decides.
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
