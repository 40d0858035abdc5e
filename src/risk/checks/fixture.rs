//! A book, marks and limits for the tests of the checks.
