"""Fakes, clocks, contract suites and real servers, shipped so that plugin authors can use them."""
