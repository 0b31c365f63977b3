variable "key" {
  description = "The key that encrypts it; null for Google's own."
  type        = string
  default     = null
}

variable "life_days" {
  description = "After how many days an object is deleted; null for never."
  type        = number
  default     = null
}

variable "name" {
  description = "The bucket's name."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Where it is."
  type        = string
  nullable    = false
}

variable "retention_days" {
  description = "For how many days nobody can delete an object; null for none."
  type        = number
  default     = null
}

variable "retention_locked" {
  description = "Whether that can never be shortened again."
  type        = bool
  default     = false
  nullable    = false
}
