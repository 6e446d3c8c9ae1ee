"""What Tryton's own client, proteus, sees of what our connector wrote: JSON on standard output.

The address, with user and password, comes on standard input together with what to look for; nothing of it is in the process list.
"""

import json
import sys

from proteus import Model, config

asked = json.load(sys.stdin)
settings = config.set_xmlrpc(asked['address'])
(company,) = Model.get('company.company').find([('party.code', '=', asked['company'])])

with settings.set_context(company=company.id):
    (party,) = Model.get('party.party').find([('code', '=', asked['customer'])])
    projects = Model.get('project.work').find([('name', 'like', asked['project'] + ' %'), ('parent', '=', None)])
    lines = Model.get('timesheet.line').find(
        [('employee.party.contact_mechanisms.value', '=', asked['person'])], order=[('date', 'ASC'), ('id', 'ASC')])

    json.dump({
        'customer': {
            'name': party.name,
            'identifiers': [identifier.code for identifier in party.identifiers],
            'addresses': [{'city': address.city, 'postalCode': address.postal_code, 'country': address.country.code} for address in party.addresses],
        },
        'projects': [{
            'name': project.name,
            'customer': project.party.code,
            'company': project.company.party.code,
            'tasks': sorted(task.name for task in project.children),
        } for project in projects],
        'lines': [{
            'date': line.date.isoformat(),
            'seconds': line.duration.total_seconds(),
            'description': line.description,
            'work': line.work.rec_name,
        } for line in lines],
    }, sys.stdout)
