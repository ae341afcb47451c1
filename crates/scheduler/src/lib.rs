//! Jobs on the business calendar.
