//! Sequencer and distribution workers.
