PERMISSIONS = {"chaos:jobs": "Ask for jobs"}
