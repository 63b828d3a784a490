"""Sources of weather reports: by hand, a file that grows, an address that is asked again and again."""
