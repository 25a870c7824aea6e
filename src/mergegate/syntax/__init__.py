"""From bytes to a module summary: parsing, comments and local facts. Knows neither rules nor configuration."""
