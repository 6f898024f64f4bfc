"""`python -m probes drift`: proves that no deployment file starts anything but `python -m probes`. It only reads."""
