"""A whole chain of real processes that are killed while tills sell; then everything is counted (REL-02, REL-04)."""
