"""The review queue: what is asked, who has it, what was answered, and how reviewers agree."""
