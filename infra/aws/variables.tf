variable "account" {
  description = "The AWS account: one of its own, in which nobody has anything else to do. The same as offsite_account in infra/gcp."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "An AWS account is twelve digits, without hyphens."
  }
}

variable "environment" {
  description = "The environment's name, as in infra/gcp."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,15}$", var.environment))
    error_message = "An environment is named in small letters, such as prod."
  }
}

variable "identities" {
  description = "The number of each identity at Google that comes here: the output `identities` of infra/gcp."
  type        = map(string)
  nullable    = false

  validation {
    condition     = toset(keys(var.identities)) == toset(keys(local.functions))
    error_message = "Exactly the functions that go to Amazon, as `terraform output identities` of infra/gcp names them."
  }

  validation {
    condition     = alltrue([for one in values(var.identities) : can(regex("^[0-9]{15,25}$", one))])
    error_message = "The number of a service account (its unique id), and not its address, which another may get after it."
  }

  validation {
    condition     = length(distinct(values(var.identities))) == length(var.identities)
    error_message = "Each function has an identity of its own."
  }
}

variable "lock_days" {
  description = "For how many days a version is locked when it is stored, as in infra/gcp; 0 for no lock."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.lock_days >= 0 && var.lock_days < 30 && floor(var.lock_days) == var.lock_days
    error_message = "What is locked cannot be erased, and the law gives a month: 0 to 29 whole days."
  }
}

variable "lock_mode" {
  description = "GOVERNANCE, which an administrator may lift, or COMPLIANCE, which nobody may. As in infra/gcp."
  type        = string
  default     = "GOVERNANCE"
  nullable    = false

  validation {
    condition     = contains(["GOVERNANCE", "COMPLIANCE"], var.lock_mode)
    error_message = "S3 knows GOVERNANCE and COMPLIANCE."
  }
}

variable "object_lock" {
  description = "Whether versions can be locked later, with lock_days = 0 for now. Terraform decides it when it makes the bucket, and never again; lock_days > 0 implies it."
  type        = bool
  default     = false
  nullable    = false
}

variable "region" {
  description = "The AWS region of the buckets, as offsite_region in infra/gcp."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^eu-[a-z]+-[0-9]$", var.region))
    error_message = "Data stays in Europe: an AWS region whose name begins with eu-, such as eu-central-1."
  }
}
