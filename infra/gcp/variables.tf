variable "alert_emails" {
  description = "Who is told when something needs a person."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.alert_emails) >= 1 && length(var.alert_emails) <= 5
    error_message = "Somebody must be told: one to five addresses, which is what a budget takes."
  }
}

variable "archive" {
  description = "The source archive that `make archive` builds."
  type        = string
  default     = "../../build/archive.zip"
  nullable    = false
}

variable "audit_locked" {
  description = "Whether the retention of the audit bucket can never be shortened again. For good."
  type        = bool
  default     = false
  nullable    = false
}

variable "audit_retention_days" {
  description = "How long an audit entry cannot be deleted, by anybody."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.audit_retention_days >= 31
    error_message = "The audit outlives every message that can be replayed: 31 days at least."
  }
}

variable "billing_account" {
  description = "The billing account of the budget; null for no budget."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null || can(regex("^[0-9A-F]{6}(-[0-9A-F]{6}){2}$", var.billing_account))
    error_message = "A billing account is three groups of six hex digits."
  }
}

variable "budget" {
  description = "What a month may cost, in the currency of the billing account."
  type        = number
  default     = 100
  nullable    = false
}

variable "cmek" {
  description = "Whether buckets are encrypted with a key of our own instead of Google's."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_requesters" {
  description = "Who else may ask for erasures: members such as serviceAccount:crm@example.iam.gserviceaccount.com."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for one in var.deletion_requesters : can(regex("^(serviceAccount|group|user):[^@ ]+@[^@ ]+$", one))])
    error_message = "Known members alone, such as serviceAccount:crm@example.iam.gserviceaccount.com."
  }
}

variable "drive_calls_per_minute" {
  description = "Drive calls a minute that one instance may make."
  type        = number
  default     = 3000
  nullable    = false
}

variable "drive_id" {
  description = "The id of the shared drive."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^0A[A-Za-z0-9_-]{15,}$", var.drive_id))
    error_message = "The id of a shared drive begins with 0A: it is the last part of the drive's address."
  }
}

variable "environment" {
  description = "The environment's name. Keysets are bound to it for good."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,15}$", var.environment))
    error_message = "An environment is named in small letters, such as prod."
  }
}

variable "erasure_deadline_days" {
  description = "Days in which an erasure is to be certified."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.erasure_deadline_days >= 1 && var.erasure_deadline_days <= 30
    error_message = "The law gives a month: 1 to 30 days."
  }
}

variable "four_eyes" {
  description = "Whether erasing all of a large customer needs a second person."
  type        = bool
  default     = true
  nullable    = false
}

variable "four_eyes_objects" {
  description = "How many versions make a customer a large one."
  type        = number
  default     = 1000
  nullable    = false
}

variable "lock_days" {
  description = "For how many days nobody can delete an off-site version (S3 Object Lock); 0 for no lock. The same as in infra/aws."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.lock_days >= 0 && var.lock_days < var.erasure_deadline_days && floor(var.lock_days) == var.lock_days
    error_message = "What is locked cannot be erased: fewer whole days than erasure_deadline_days."
  }
}

variable "lock_mode" {
  description = "GOVERNANCE, which an administrator at Amazon may lift, or COMPLIANCE, which nobody may."
  type        = string
  default     = "GOVERNANCE"
  nullable    = false

  validation {
    condition     = contains(["GOVERNANCE", "COMPLIANCE"], var.lock_mode)
    error_message = "S3 knows GOVERNANCE and COMPLIANCE."
  }
}

variable "offsite_account" {
  description = "The AWS account in which infra/aws makes the off-site buckets."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.offsite_account))
    error_message = "An AWS account is twelve digits, without hyphens."
  }
}

variable "offsite_region" {
  description = "The AWS region of the off-site buckets."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^eu-[a-z]+-[0-9]$", var.offsite_region))
    error_message = "Data stays in Europe: an AWS region whose name begins with eu-, such as eu-central-1."
  }
}

variable "operators" {
  description = "The group of those who register customers, place holds and ask for erasures."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^@: ]+@[^@ ]+$", var.operators))
    error_message = "The address of a Google group, without group: before it."
  }
}

variable "project" {
  description = "The id of the Google Cloud project."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 small letters, digits and hyphens."
  }
}

variable "recovery_key" {
  description = "The public recovery key, as `custody recovery make-key` prints it; empty for none yet. No secret."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.recovery_key == "" || can(jsondecode(var.recovery_key).primaryKeyId)
    error_message = "One line of JSON, as `custody recovery make-key` prints it."
  }

  validation {
    condition     = !strcontains(var.recovery_key, "HpkePrivateKey")
    error_message = "This is the private half, which belongs offline: the other one is printed."
  }
}

variable "region" {
  description = "Where everything is and stays."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^europe-[a-z]+[0-9]+$", var.region))
    error_message = "Data stays in Europe: a single region whose name begins with europe-."
  }
}

variable "report_days" {
  description = "How long reporting data lives."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.report_days >= 1
    error_message = "A report lives for a day at least."
  }
}

variable "restorers" {
  description = "The group of those who may read what was stored, and give it back."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^@: ]+@[^@ ]+$", var.restorers)) && var.restorers != var.operators
    error_message = "The address of a Google group of its own, without group: before it."
  }
}

variable "runbook" {
  description = "The address under which your people read docs/runbook.md."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.runbook, "https://")
    error_message = "An address that begins with https://."
  }
}
