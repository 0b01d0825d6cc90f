"""Who looks on, who steers, and what they may say."""
